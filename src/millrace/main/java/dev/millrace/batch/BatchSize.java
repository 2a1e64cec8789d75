package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.EventLimits;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The size of an open batch: estimated, as it mostly is, and at the largest, as it can be.
 *
 * <p>A record of a mini-batch writes each text once, and has a column for each name of a feature with a cell for each example. The estimate
 * takes texts for repeated and names for shared. Histories of ids that differ, or examples with names of their own, make a record many times
 * larger than its estimate; they fill a batch by {@link #LARGEST}. Both are functions of the parts of the batch alone.
 */
public final class BatchSize {

    /** Bytes that fill a batch even if its estimate is small: below the 8 MiB that topics take, with room for what a closing batch adds. */
    public static final int LARGEST = 4 << 20;

    private static final int NUMBER = 5; // the most bytes of an int
    private static final int A_TEXT = EventLimits.MAX_ID_BYTES + 2 * NUMBER; // and its place

    /** Most bytes that a negative takes: its text, its places and its probabilities. */
    public static final int A_NEGATIVE = A_TEXT + 2 * NUMBER + 8;

    /** Most bytes that an item takes that joins or leaves the catalogue without features. */
    public static final int A_CHANGE = A_TEXT + 3 * NUMBER + 16;

    private static final int AN_EXAMPLE = 128; // its numbers

    /** Returns the most examples that a batch can have, exposures without a click and rehearsed ones among them. */
    public static long mostExamples(BatchSettings settings) {
        return Math.min(
                2L * settings.maxSize() + settings.rehearsal().examples(),
                1L + settings.maxBytes() / BatchFields.BYTES_AN_EXAMPLE);
    }

    private int estimated;
    private long largest;
    private int examples;
    /** How often examples have a feature, by column; the name of a context feature follows a NUL. */
    private final Map<String, Integer> columns = new HashMap<>();

    void add(TrainingExample example) {
        count(example, 1);
    }

    void remove(TrainingExample example) {
        count(example, -1);
        columns.values().removeIf(count -> count == 0);
    }

    private void count(TrainingExample example, int times) {
        estimated += times * BatchFields.estimatedBytes(example);
        largest += times * largest(example);
        examples += times;
        example.user().features().values().keySet().forEach(name -> columns.merge(name, times, Integer::sum));
        example.context().values().keySet().forEach(name -> columns.merge('\0' + name, times, Integer::sum));
    }

    void add(CatalogueChange change) {
        estimated += BatchFields.estimatedBytes(change);
        largest += A_CHANGE + change.<Long>match(upsert -> largest(upsert.item().features()), removal -> 0L);
    }

    void addUserRemoval() {
        estimated += BatchFields.BYTES_A_USER_REMOVAL;
        largest += A_TEXT;
    }

    void clear() {
        estimated = 0;
        largest = 0;
        examples = 0;
        columns.clear();
    }

    /** Returns true if the batch is full by its estimate, or at the largest. */
    boolean isFull(int maxEstimated) {
        return estimated >= maxEstimated || largest() >= LARGEST;
    }

    /** Upper bound of the record's bytes, but for negatives and for what closing adds. */
    long largest() {
        return largest + (long) columns.size() * examples;
    }

    private static long largest(TrainingExample example) {
        return AN_EXAMPLE
                + text(example.id())
                + text(example.user().user())
                + text(example.item())
                + text(example.action())
                + texts(example.user().history())
                + largest(example.user().features())
                + largest(example.context());
    }

    private static long largest(Features features) {
        long bytes = 0;
        for (Map.Entry<String, FeatureValue> feature : features.values().entrySet()) {
            bytes += text(feature.getKey())
                    + NUMBER
                    + feature.getValue()
                            .<Long>match(
                                    category -> text(category.value()),
                                    quantity -> (long) Double.BYTES,
                                    bag -> texts(bag.values()),
                                    dense -> 2L * NUMBER
                                            + (long) Float.BYTES
                                                    * dense.values().size());
        }
        return bytes;
    }

    private static long texts(List<String> texts) {
        long bytes = 2 * NUMBER;
        for (String text : texts) {
            bytes += text(text);
        }
        return bytes;
    }

    /** Bytes of a text that is written once, and of its place. */
    private static long text(String text) {
        return EventLimits.utf8Bytes(text) + 2 * NUMBER;
    }
}
