package dev.millrace.index;

import dev.millrace.event.Features;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoublePredicate;

/**
 * A filter made ready for one search: it says of the rows of a chunk whether they pass, of all at once or one by one. One thread.
 *
 * <p>A chunk without a passing row needs no scores, so a narrow filter is asked of all rows first. A wide one is asked of the few rows that score
 * well. Which of the two it is shows from the chunks themselves.
 */
final class PassingRows {

    private static final int PROBED =
            16; // of so many chunks all rows of one are asked, to see whether that is worth it
    private static final int WORTH = 4; // it is, if one of so many chunks has no passing row (bench index)

    private final List<Asked> conditions;
    private final boolean[] passing;
    private int chunks;
    private int marked;
    private int withoutAny;

    /** @param most rows of a chunk */
    PassingRows(ItemFilter filter, AttributeColumns.Names names, int most) {
        this.conditions = filter.conditions().stream()
                .map(condition -> new Asked(condition, names.of(condition.attribute())))
                .toList();
        this.passing = new boolean[most];
    }

    /** Whether there is no condition. */
    boolean isOfAll() {
        return conditions.isEmpty();
    }

    /** Whether all rows of the next chunk are to be asked first. */
    boolean isMarkingNext() {
        return !isOfAll() && (chunks++ % PROBED == 0 || WORTH * withoutAny >= marked);
    }

    /**
     * Marks the passing rows of a chunk, under its lock.
     *
     * @param attributes of the rows
     * @param count first rows to mark
     * @return whether any row passes
     */
    boolean mark(AttributeColumns columns, Features[] attributes, int count) {
        Arrays.fill(passing, 0, count, true);
        boolean isAny = count > 0;
        for (Asked asked : conditions) {
            isAny = isAny && asked.keep(columns, attributes, count, passing);
        }
        marked++;
        withoutAny += isAny ? 0 : 1;
        return isAny;
    }

    /** Whether a row of the chunk that was marked last passes. */
    boolean passes(int row) {
        return passing[row];
    }

    /** Whether a row passes, under the lock of its chunk. */
    boolean passes(AttributeColumns columns, Features attributes, int row) {
        for (Asked asked : conditions) {
            if (!asked.holds(columns, attributes, row)) {
                return false;
            }
        }
        return true;
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

        boolean keep(AttributeColumns columns, Features[] attributes, int count, boolean[] passing) {
            char[] numbers = columns.numbers(values.column());
            if (numbers.length == 0) {
                return false;
            }
            double[] given = columns.quantities(values.column());
            boolean isAny = false;
            for (int row = 0; row < count; row++) {
                if (passing[row]) {
                    char number = numbers[row];
                    passing[row] = number == AttributeValues.QUANTITY
                            ? quantities.test(given[row])
                            : holds(number, attributes[row]);
                    isAny |= passing[row];
                }
            }
            return isAny;
        }

        boolean holds(AttributeColumns columns, Features attributes, int row) {
            char[] numbers = columns.numbers(values.column());
            if (numbers.length == 0) {
                return false;
            }
            return numbers[row] == AttributeValues.QUANTITY
                    ? quantities.test(columns.quantities(values.column())[row])
                    : holds(numbers[row], attributes);
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
