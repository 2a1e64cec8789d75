package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Consumer;

/** Reads and writes the parts of an open batch as fields of stored values. */
final class BatchFields {

    private static final int EXAMPLE = 0;
    private static final int UPSERT = 1;
    private static final int REMOVAL = 2;
    private static final int USER_REMOVAL = 3;
    private static final int UNCLICKED = 4; // an example too
    private static final int REMEMBERED = 5; // a kind of its own, so that an earlier build does not take it for a part
    /** Estimated bytes of a user's removal in a mini-batch record. */
    static final int BYTES_A_USER_REMOVAL = 64;

    static final int BYTES_AN_EXAMPLE = 64;
    private static final int BYTES_A_FEATURE = 8;
    private static final int BYTES_A_HISTORY_ITEM = 4; // an index into the record's dictionary, mostly

    private BatchFields() {}

    static byte[] encoded(TrainingExample example) {
        return encoded(example, example.isPositive() ? EXAMPLE : UNCLICKED);
    }

    /** As {@link #encoded(TrainingExample)}, for a positive that may be rehearsed. */
    static byte[] encodedToRemember(TrainingExample example) {
        return encoded(example, REMEMBERED);
    }

    private static byte[] encoded(TrainingExample example, int kind) {
        Fields fields = new Fields()
                .integer(kind)
                .text(example.id())
                .text(example.user().user())
                .longInteger(example.user().time());
        FeatureFields.write(fields, example.user().features());
        FeatureFields.texts(fields, example.user().history());
        FeatureFields.write(fields, example.context());
        return fields.text(example.item())
                .text(example.action())
                .number(example.weight())
                .longInteger(example.time())
                .longInteger(example.producedAt())
                .framed();
    }

    static byte[] encoded(CatalogueChange change) {
        return change.match(
                upsert -> {
                    Fields fields = new Fields()
                            .integer(UPSERT)
                            .text(upsert.itemId())
                            .longInteger(upsert.item().time());
                    FeatureFields.write(fields, upsert.item().features());
                    return fields.framed();
                },
                removal -> new Fields()
                        .integer(REMOVAL)
                        .text(removal.itemId())
                        .longInteger(removal.time())
                        .framed());
    }

    static byte[] encodedUserRemoval(String user) {
        return new Fields().integer(USER_REMOVAL).text(user).framed();
    }

    static void read(
            ByteBuffer payload,
            Consumer<TrainingExample> example,
            Consumer<CatalogueChange> change,
            Consumer<String> removedUser) {
        int kind = payload.getInt();
        switch (kind) {
            case EXAMPLE -> example.accept(readExample(payload, true));
            case UNCLICKED -> example.accept(readExample(payload, false));
            case UPSERT ->
                change.accept(new CatalogueChange.Upsert(
                        new CatalogueItem(Fields.text(payload), payload.getLong(), FeatureFields.read(payload))));
            case REMOVAL -> change.accept(new CatalogueChange.Removal(Fields.text(payload), payload.getLong()));
            case USER_REMOVAL -> removedUser.accept(Fields.text(payload));
            default -> throw new CorruptEntryException("part of an open batch of unknown kind " + kind);
        }
    }

    /** Returns the estimated bytes of an example in a mini-batch record. */
    static int estimatedBytes(TrainingExample example) {
        return BYTES_AN_EXAMPLE
                + estimatedBytes(example.user().features())
                + estimatedBytes(example.context())
                + BYTES_A_HISTORY_ITEM * example.user().history().size();
    }

    /** Returns the estimated bytes of a change in a mini-batch record. */
    static int estimatedBytes(CatalogueChange change) {
        return BYTES_AN_EXAMPLE
                + change.<Integer>match(upsert -> estimatedBytes(upsert.item().features()), removal -> 0);
    }

    private static int estimatedBytes(Features features) {
        int bytes = 0;
        for (Map.Entry<String, FeatureValue> entry : features.values().entrySet()) {
            bytes += BYTES_A_FEATURE + entry.getKey().length() + estimatedBytes(entry.getValue());
        }
        return bytes;
    }

    private static int estimatedBytes(FeatureValue value) {
        return value.<Integer>match(
                category -> category.value().length(),
                quantity -> Double.BYTES,
                bag -> bag.values().stream().mapToInt(text -> 2 + text.length()).sum(),
                dense -> Float.BYTES * dense.values().size());
    }

    static TrainingExample readRemembered(ByteBuffer payload) {
        int kind = payload.getInt();
        if (kind != REMEMBERED) {
            throw new CorruptEntryException("an example to rehearse of unknown kind " + kind);
        }
        return readExample(payload, true);
    }

    private static TrainingExample readExample(ByteBuffer payload, boolean isPositive) {
        String id = Fields.text(payload);
        UserFeatures user = new UserFeatures(
                Fields.text(payload), payload.getLong(), FeatureFields.read(payload), FeatureFields.texts(payload));
        return new TrainingExample(
                id,
                user,
                FeatureFields.read(payload),
                Fields.text(payload),
                Fields.text(payload),
                payload.getDouble(),
                payload.getLong(),
                payload.getLong(),
                isPositive);
    }
}
