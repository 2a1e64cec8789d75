package dev.millrace.index;

import dev.millrace.event.Features;
import dev.millrace.model.engine.Loops;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoublePredicate;

/**
 * Rows of a chunk, selected by a search's filter, by the clicks of their items and by the bounds of their scores. The filter is asked once about each value. One thread.
 *
 * <p>Where few rows pass, they are scored one by one, or not at all, so a narrow filter is asked of all rows first. A wide one is asked of the rows
 * that score well. Which of the two it is shows from the chunks themselves.
 */
final class SelectedRows {

    /** So few rows of a chunk are scored one by one in less time than bounds of all take. */
    static final int FEW = IndexChunk.ROWS / 64;

    private static final int PROBED = 16; // of so many chunks all rows of one are asked, to see how many pass

    private final List<Asked> conditions;
    private final Loops loops = Loops.now();
    private final boolean isOfNewcomers;
    private final int[] rows;
    private int count;
    private int chunks;
    private int chunksAsked; // of late, as the next
    private int passed;

    /**
     * @param isOfNewcomers whether only {@link Draw.Newcomer newcomers} are selected
     * @param most rows of a chunk
     */
    SelectedRows(ItemFilter filter, boolean isOfNewcomers, AttributeColumns.Names names, int most) {
        this.conditions = filter.conditions().stream()
                .map(condition -> new Asked(condition, names.of(condition.attribute())))
                .toList();
        this.isOfNewcomers = isOfNewcomers;
        this.rows = new int[most];
    }

    /** Whether there is no condition. */
    boolean isOfAll() {
        return conditions.isEmpty() && !isOfNewcomers;
    }

    /** Whether all rows of the next chunk are to be asked first. */
    boolean isAskedOfAllNext() {
        return !isOfAll() && (chunks++ % PROBED == 0 || passed <= FEW * chunksAsked);
    }

    /**
     * Selects the passing rows of a chunk, under its lock.
     *
     * @param of first rows that are asked
     */
    void selectPassing(AttributeColumns columns, Features[] attributes, byte[] clicks, int of) {
        for (int row = 0; row < of; row++) {
            rows[row] = row;
        }
        count = of;
        keepPassing(columns, attributes, clicks);
        if (chunksAsked == PROBED) {
            chunksAsked /= 2;
            passed /= 2;
        }
        chunksAsked++;
        passed += count;
    }

    /**
     * Selects rows whose bounds are not below a floor. They are not asked yet.
     *
     * @param of first rows of the chunk
     */
    void selectFrom(float floor, float[] bounds, int of) {
        count = 0;
        for (int block = 0; block < of; block += Loops.BYTE_BLOCK) {
            int end = Math.min(of, block + Loops.BYTE_BLOCK);
            if (!(loops.max(bounds, block, end) < floor)) {
                for (int row = block; row < end; row++) {
                    rows[count] = row;
                    count += bounds[row] < floor ? 0 : 1;
                }
            }
        }
    }

    /** Keeps the selected rows that pass, under the lock of the chunk. */
    void keepPassing(AttributeColumns columns, Features[] attributes, byte[] clicks) {
        if (isOfNewcomers) {
            int kept = 0;
            for (int at = 0; at < count; at++) {
                int row = rows[at];
                rows[kept] = row;
                kept += Draw.Newcomer.is(clicks[row]) ? 1 : 0;
            }
            count = kept;
        }
        for (Asked asked : conditions) {
            count = asked.keep(columns, attributes, rows, count);
        }
    }

    int count() {
        return count;
    }

    /** The n-th of the selected rows, in their order. */
    int row(int n) {
        return rows[n];
    }

    /** A condition, and what it says of each value that it has been asked about. */
    private static final class Asked {

        private static final byte UNKNOWN = 0;
        private static final byte HOLDS = 1;
        private static final byte FAILS = 2;

        private final ItemFilter.Condition condition;
        private final DoublePredicate quantities;
        private final AttributeValues values;
        /** By number. Values without a number are asked each time. */
        private byte[] verdicts = {FAILS, UNKNOWN, UNKNOWN};

        Asked(ItemFilter.Condition condition, AttributeValues values) {
            this.condition = condition;
            this.quantities = condition.quantities();
            this.values = values;
        }

        /** Keeps those of the first rows for which it holds, in their order. Returns how many these are. */
        int keep(AttributeColumns columns, Features[] attributes, int[] rows, int count) {
            char[] numbers = columns.numbers(values.column());
            if (numbers.length == 0) {
                return 0;
            }
            double[] given = columns.quantities(values.column());
            int kept = 0;
            for (int at = 0; at < count; at++) {
                int row = rows[at];
                char number = numbers[row];
                rows[kept] = row;
                kept += (number == AttributeValues.QUANTITY
                                ? quantities.test(given[row])
                                : holds(number, attributes[row]))
                        ? 1
                        : 0;
            }
            return kept;
        }

        private boolean holds(char number, Features attributes) {
            byte known = number < verdicts.length ? verdicts[number] : UNKNOWN;
            return known == UNKNOWN ? asks(number, attributes) : known == HOLDS;
        }

        private boolean asks(char number, Features attributes) {
            if (number == AttributeValues.UNNUMBERED) {
                return attributes
                        .value(condition.attribute())
                        .map(condition::holds)
                        .orElse(false);
            }
            boolean holds = condition.holds(values.value(number));
            if (number >= verdicts.length) {
                verdicts = Arrays.copyOf(verdicts, Math.max(number + 1, 2 * verdicts.length));
            }
            verdicts[number] = holds ? HOLDS : FAILS;
            return holds;
        }
    }
}
