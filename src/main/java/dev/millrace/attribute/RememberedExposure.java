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

    int CLOSED = 0; // stored kinds
    int OPEN = 1;

    /** Returns the event time of the exposure, epoch milliseconds. */
    long time();

    /** Returns the exposure while its window is open; absent after the window's end. */
    Optional<Open> open();

    byte[] encoded();

    /**
     * An exposure whose window is open.
     *
     * @param user the user's features of that moment
     * @param context context features of the exposure
     * @param actions actions attributed to it so far
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

    /** An exposure whose window has ended. It serves to recognise duplicates and late clicks. */
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
