package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** An exposure within the deduplication window, as it is stored. */
sealed interface RememberedExposure {

    /** When it was shown, epoch milliseconds. */
    long time();

    /**
     * Its window is open.
     *
     * @param user the user's features of that moment
     * @param context its own features
     * @param actions already attributed to it
     */
    record Open(long time, UserFeatures user, Features context, List<String> actions) implements RememberedExposure {

        Open with(String action) {
            List<String> more = new ArrayList<>(actions);
            more.add(action);
            return new Open(time, user, context, more);
        }
    }

    /** Its window has ended; it only tells duplicates and late clicks. */
    record Closed(long time) implements RememberedExposure {}

    default byte[] encoded() {
        Fields fields = new Fields().longInteger(time());
        if (this instanceof Open open) {
            fields.integer(1);
            writeUser(fields, open.user);
            FeatureFields.write(fields, open.context);
            FeatureFields.texts(fields, open.actions);
        } else {
            fields.integer(0);
        }
        return fields.framed();
    }

    static RememberedExposure decoded(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        long time = payload.getLong();
        if (payload.getInt() == 0) {
            return new Closed(time);
        }
        UserFeatures user = readUser(payload);
        return new Open(time, user, FeatureFields.read(payload), FeatureFields.texts(payload));
    }

    private static void writeUser(Fields fields, UserFeatures user) {
        fields.text(user.user()).longInteger(user.time());
        FeatureFields.write(fields, user.features());
        FeatureFields.texts(fields, user.history());
    }

    private static UserFeatures readUser(ByteBuffer payload) {
        return new UserFeatures(
                Fields.text(payload), payload.getLong(), FeatureFields.read(payload), FeatureFields.texts(payload));
    }
}
