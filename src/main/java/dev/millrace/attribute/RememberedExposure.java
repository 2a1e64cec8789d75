package dev.millrace.attribute;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An exposure within the deduplication window, as it is stored. */
sealed interface RememberedExposure {

    int CLOSED = 0; // kinds, as stored
    int OPEN = 1;

    /** When it was shown, epoch milliseconds. */
    long time();

    /** The exposure while its window is open; absent once it has ended. */
    Optional<Open> open();

    byte[] encoded();

    /**
     * Its window is open.
     *
     * @param user the user's features of that moment
     * @param context its own features
     * @param actions already attributed to it
     */
    record Open(long time, UserFeatures user, Features context, List<String> actions) implements RememberedExposure {

        @Override
        public Optional<Open> open() {
            return Optional.of(this);
        }

        @Override
        public byte[] encoded() {
            Fields fields = new Fields().longInteger(time).integer(OPEN);
            fields.text(user.user()).longInteger(user.time());
            FeatureFields.write(fields, user.features());
            FeatureFields.texts(fields, user.history());
            FeatureFields.write(fields, context);
            FeatureFields.texts(fields, actions);
            return fields.framed();
        }

        Open with(String action) {
            List<String> more = new ArrayList<>(actions);
            more.add(action);
            return new Open(time, user, context, more);
        }
    }

    /** Its window has ended; it only tells duplicates and late clicks. */
    record Closed(long time) implements RememberedExposure {

        @Override
        public Optional<Open> open() {
            return Optional.empty();
        }

        @Override
        public byte[] encoded() {
            return new Fields().longInteger(time).integer(CLOSED).framed();
        }
    }

    static RememberedExposure decoded(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        long time = payload.getLong();
        int kind = payload.getInt();
        return switch (kind) {
            case CLOSED -> new Closed(time);
            case OPEN -> new Open(time, readUser(payload), FeatureFields.read(payload), FeatureFields.texts(payload));
            default -> throw new CorruptEntryException("a remembered exposure of unknown kind " + kind);
        };
    }

    private static UserFeatures readUser(ByteBuffer payload) {
        return new UserFeatures(
                Fields.text(payload), payload.getLong(), FeatureFields.read(payload), FeatureFields.texts(payload));
    }
}
