package dev.millrace.negative;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.FeatureValue;
import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The catalogue's items by their value of one feature, for draws among items with the same value. A bag counts by its
 * first value.
 *
 * <p>It is a function of the catalogue alone, so nothing of it is stored.
 */
final class ItemsByValue {

    private static final String NONE = "";

    /** Numbers of the items that have one value; ascending after a call of {@link #order}. */
    private static final class Group {
        private int[] numbers = new int[4];
        private int size;
        private boolean isOrdered = true;

        void add(int number) {
            if (size == numbers.length) {
                numbers = Arrays.copyOf(numbers, 2 * size);
            }
            isOrdered &= size == 0 || numbers[size - 1] < number;
            numbers[size++] = number;
        }

        void remove(int number) {
            order();
            int at = Arrays.binarySearch(numbers, 0, size, number);
            System.arraycopy(numbers, at + 1, numbers, at, --size - at);
        }

        void order() {
            if (!isOrdered) {
                Arrays.sort(numbers, 0, size);
                isOrdered = true;
            }
        }
    }

    private final Catalogue catalogue;
    private final String feature;
    private final List<String> values = new ArrayList<>();
    private final Map<String, Group> groups = new HashMap<>();
    private boolean isBuilt;

    ItemsByValue(Catalogue catalogue, String feature) {
        this.catalogue = catalogue;
        this.feature = feature;
    }

    void refresh(int number) {
        if (!isBuilt) {
            return;
        }
        while (values.size() <= number) {
            values.add(NONE);
        }
        String before = values.get(number);
        String now = number < catalogue.size() ? value(catalogue.itemAt(number)) : NONE;
        if (before.equals(now)) {
            return;
        }
        Group left = groups.get(before);
        if (left != null) {
            left.remove(number);
            if (left.size == 0) {
                groups.remove(before);
            }
        }
        if (!now.isEmpty()) {
            groups.computeIfAbsent(now, absent -> new Group()).add(number);
        }
        values.set(number, now);
    }

    /** Draws another item with the same value, uniformly; absent if there is none. */
    Optional<String> draw(String item, long seed, long stream, long slot) {
        build();
        Group group = groups.get(value(item));
        if (group == null || group.size < 2 || !catalogue.contains(item)) {
            return Optional.empty();
        }
        group.order();
        int own = Arrays.binarySearch(
                group.numbers, 0, group.size, catalogue.number(item).orElseThrow());
        int drawn = CounterRandom.below(group.size - 1, seed, stream, slot);
        return Optional.of(catalogue.itemAt(group.numbers[drawn < own ? drawn : drawn + 1]));
    }

    private void build() {
        if (!isBuilt) {
            isBuilt = true;
            for (int number = 0; number < catalogue.size(); number++) {
                refresh(number);
            }
        }
    }

    private String value(String item) {
        return catalogue
                .features(item)
                .value(feature)
                .map(value -> value.match(
                        FeatureValue.Category::value,
                        quantity -> Double.toString(quantity.value()),
                        bag -> bag.values().isEmpty() ? NONE : bag.values().get(0),
                        dense -> NONE))
                .orElse(NONE);
    }
}
