package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.EventLimits;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Reads and writes the parts of an open batch as fields of stored values. */
final class BatchFields {

    private static final int EXAMPLE = 0;
    private static final int UPSERT = 1;
    private static final int REMOVAL = 2;
    private static final int USER_REMOVAL = 3;
    private static final int UNCLICKED = 4; // an example too

    // what is written over when a part is read
    private static final TrainingExample NO_EXAMPLE =
            new TrainingExample("", new UserFeatures("", 0, Features.NONE, List.of()), Features.NONE, "", "", 1, 0, 0);
    private static final CatalogueChange.Upsert NO_UPSERT =
            new CatalogueChange.Upsert(new CatalogueItem("-", EventLimits.EARLIEST_MILLIS, Features.NONE));

    /** Estimated bytes of a user's removal in a mini-batch record. */
    static final int BYTES_A_USER_REMOVAL = 64;

    static final int BYTES_AN_EXAMPLE = 64;
    private static final int BYTES_A_FEATURE = 8;
    private static final int BYTES_A_HISTORY_ITEM = 4; // an index into the record's dictionary, mostly

    private BatchFields() {}

    static byte[] encoded(TrainingExample example) {
        return Form.written(form -> {
            form.integer(example.isPositive() ? EXAMPLE : UNCLICKED);
            example(form, example, example.isPositive());
        });
    }

    static byte[] encoded(CatalogueChange change) {
        return Form.written(form -> change.<Object>match(
                upsert -> {
                    form.integer(UPSERT);
                    return upsert(form, upsert);
                },
                removal -> {
                    form.integer(REMOVAL);
                    return removal(form, removal);
                }));
    }

    static byte[] encodedUserRemoval(String user) {
        return Form.written(form -> {
            form.integer(USER_REMOVAL);
            form.text(user);
        });
    }

    static TrainingExample example(byte[] value) {
        return Form.read(value, form -> example(form, NO_EXAMPLE, form.integer(EXAMPLE) == EXAMPLE));
    }

    static void read(
            byte[] value,
            Consumer<TrainingExample> example,
            Consumer<CatalogueChange> change,
            Consumer<String> removedUser) {
        Form.restore(value, form -> {
            int kind = form.integer(EXAMPLE);
            switch (kind) {
                case EXAMPLE, UNCLICKED -> example.accept(example(form, NO_EXAMPLE, kind == EXAMPLE));
                case UPSERT -> change.accept(upsert(form, NO_UPSERT));
                case REMOVAL -> change.accept(removal(form, new CatalogueChange.Removal("", 0)));
                case USER_REMOVAL -> removedUser.accept(form.text(""));
                default -> throw new CorruptEntryException("part of an open batch of unknown kind " + kind);
            }
        });
    }

    private static TrainingExample example(Form form, TrainingExample now, boolean isPositive) {
        return new TrainingExample(
                form.text(now.id()),
                FeatureFields.user(form, form.text(now.user().user()), now.user()),
                FeatureFields.features(form, now.context()),
                form.text(now.item()),
                form.text(now.action()),
                form.number(now.weight()),
                form.longInteger(now.time()),
                form.longInteger(now.producedAt()),
                isPositive);
    }

    private static CatalogueChange upsert(Form form, CatalogueChange.Upsert now) {
        return new CatalogueChange.Upsert(new CatalogueItem(
                form.text(now.itemId()),
                form.longInteger(now.item().time()),
                FeatureFields.features(form, now.item().features())));
    }

    private static CatalogueChange removal(Form form, CatalogueChange.Removal now) {
        return new CatalogueChange.Removal(form.text(now.itemId()), form.longInteger(now.time()));
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
}
