package dev.millrace.index;

import dev.millrace.event.Features;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many items of each value an answer has, and whether it may have one more. One thread.
 *
 * <p>A value that has its number of items is remembered by the number that the columns have for it, so that all its rows can be told at once.
 */
final class Quotas {

    private final List<Attribute> attributes;

    /** @param atMost by attribute */
    Quotas(Map<String, Integer> atMost, AttributeColumns.Names names) {
        attributes = new TreeMap<>(atMost)
                .entrySet().stream()
                        .map(each -> new Attribute(each.getKey(), each.getValue(), names.of(each.getKey())))
                        .toList();
    }

    /** Whether there is room for an item with these attributes. */
    boolean admits(Features item) {
        for (Attribute each : attributes) {
            if (each.isFull(item)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Counts an item, admitted or not.
     *
     * @return by attribute that it has, which of its value's items it is
     */
    Map<String, Integer> take(Features item) {
        Map<String, Integer> taken = new HashMap<>();
        for (Attribute each : attributes) {
            for (String value : values(item, each.attribute)) {
                taken.merge(each.attribute, each.counts.merge(value, 1, Integer::sum), Math::max);
            }
        }
        return taken;
    }

    /** Remembers what of a row is full, under the lock of its chunk. */
    void block(AttributeColumns columns, Features item, int row) {
        for (Attribute each : attributes) {
            if (each.isFull(item)) {
                each.block(columns, row);
            }
        }
    }

    /** Whether something of a row is known to be full, under the lock of its chunk. */
    boolean isBlocked(AttributeColumns columns, int row) {
        for (Attribute each : attributes) {
            if (each.isBlocked(columns, row)) {
                return true;
            }
        }
        return false;
    }

    /** Drops the rows, of so many first ones of a chunk, of which something is known to be full, under its lock. */
    void dropBlocked(AttributeColumns columns, RankedRows ranked, int first, int count) {
        for (Attribute each : attributes) {
            each.dropBlocked(columns, ranked, first, count);
        }
    }

    /** The values of an item that count for quotas of some attributes, in their order; without an attribute of which it has none. */
    static SortedMap<String, List<String>> values(Features item, Set<String> attributes) {
        SortedMap<String, List<String>> values = new TreeMap<>();
        for (String attribute : attributes) {
            Set<String> texts = values(item, attribute);
            if (!texts.isEmpty()) {
                values.put(attribute, texts.stream().sorted().toList());
            }
        }
        return values;
    }

    private static Set<String> values(Features item, String attribute) {
        return item.value(attribute)
                .map(value -> value.match(
                        category -> Set.of(category.value()),
                        quantity -> Set.of(ItemFilter.AnyOf.text(quantity.value() + 0.0)), // -0 is 0
                        bag -> Set.copyOf(bag.values()),
                        dense -> Set.<String>of()))
                .orElse(Set.of());
    }

    /** The quota of one attribute. */
    private static final class Attribute {

        private final String attribute;
        private final int most;
        private final AttributeValues values;
        private final Map<String, Integer> counts = new HashMap<>();
        private final BitSet fullNumbers = new BitSet();
        private final Set<Double> fullQuantities = new HashSet<>();

        Attribute(String attribute, int most, AttributeValues values) {
            this.attribute = attribute;
            this.most = most;
            this.values = values;
        }

        boolean isFull(Features item) {
            return values(item, attribute).stream().anyMatch(value -> counts.getOrDefault(value, 0) >= most);
        }

        void block(AttributeColumns columns, int row) {
            char number = number(columns, row);
            if (number == AttributeValues.QUANTITY) {
                fullQuantities.add(columns.quantities(values.column())[row] + 0.0);
            } else if (number > AttributeValues.UNNUMBERED) {
                fullNumbers.set(number);
            }
        }

        void dropBlocked(AttributeColumns columns, RankedRows ranked, int first, int count) {
            char[] numbers = columns.numbers(values.column());
            for (int row = 0; row < Math.min(count, numbers.length); row++) {
                if (isBlocked(numbers[row], columns, row)) {
                    ranked.drop(first + row);
                }
            }
        }

        boolean isBlocked(AttributeColumns columns, int row) {
            return isBlocked(number(columns, row), columns, row);
        }

        private boolean isBlocked(char number, AttributeColumns columns, int row) {
            return number == AttributeValues.QUANTITY
                    ? fullQuantities.contains(columns.quantities(values.column())[row] + 0.0)
                    : fullNumbers.get(number);
        }

        private char number(AttributeColumns columns, int row) {
            char[] numbers = columns.numbers(values.column());
            return numbers.length == 0 ? AttributeValues.NONE : numbers[row];
        }
    }
}
