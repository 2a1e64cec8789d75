package dev.millrace.index;

import dev.millrace.event.Features;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoublePredicate;

/**
 * A filter made ready for one search: it says of all rows of a chunk at once whether they pass. One thread.
 *
 * <p>A chunk without a passing row needs no scores. So the narrower a filter is, the less its search costs.
 */
final class PassingRows {

    private final List<Asked> conditions;
    private final boolean[] passing;

    /** @param most rows of a chunk */
    PassingRows(ItemFilter filter, AttributeColumns.Names names, int most) {
        this.conditions = filter.conditions().stream()
                .map(condition -> new Asked(condition, names.of(condition.attribute())))
                .toList();
        this.passing = new boolean[most];
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
        return isAny;
    }

    /** Whether a row of the chunk that was marked last passes. */
    boolean passes(int row) {
        return passing[row];
    }

    /** A condition, and what it says of each value that it has been asked about. */
    private static final class Asked {

        private static final byte UNKNOWN = 0;
        private static final byte HOLDS = 1;
        private static final byte FAILS = 2;

        private final ItemFilter.Condition condition;
        private final DoublePredicate quantities;
        private final AttributeValues values;
        private byte[] verdicts = {FAILS, UNKNOWN, UNKNOWN
        }; // by number; quantities and values without number are asked each time

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
