package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.index.Arrangement.Boost;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What boosts add to the scores of a chunk's rows. Each value is asked about once, as filters do. One thread, one scan.
 *
 * <p>What an item gets is one float of each attribute, added up in the order of the attributes: the same for its bounds as for its score.
 */
final class BoostedRows {

    private static final BoostedRows NONE = new BoostedRows(List.of());

    private final List<Attribute> attributes;
    private final float[] sums;

    private BoostedRows(List<Attribute> attributes) {
        this.attributes = attributes;
        this.sums = new float[attributes.isEmpty() ? 0 : IndexChunk.ROWS];
    }

    /** @param boosts in the order of their attributes */
    static BoostedRows of(List<Boost> boosts, AttributeColumns.Names names) {
        if (boosts.isEmpty()) {
            return NONE;
        }
        Map<String, Map<String, Double>> weights = boosts.stream()
                .collect(Collectors.groupingBy(
                        Boost::attribute,
                        LinkedHashMap::new,
                        Collectors.toMap(Boost::value, Boost::weight, Double::sum)));
        return new BoostedRows(weights.entrySet().stream()
                .map(each -> new Attribute(each.getKey(), names.of(each.getKey()), each.getValue()))
                .toList());
    }

    boolean areNone() {
        return attributes.isEmpty();
    }

    /** What an item with these attributes gets. */
    float of(Features item) {
        float sum = 0;
        for (Attribute each : attributes) {
            sum += item.value(each.attribute).map(each::of).orElse(0f);
        }
        return sum;
    }

    /** Sums up what the first rows of a chunk get, under its lock. */
    void sumUp(AttributeColumns columns, Features[] items, int count) {
        Arrays.fill(sums, 0, count, 0);
        attributes.forEach(each -> each.addTo(sums, columns, items, count));
    }

    /** [rows] what {@link #sumUp} found */
    float[] sums() {
        return sums;
    }

    /** The boosts of one attribute. */
    private static final class Attribute {

        private final String attribute;
        private final AttributeValues values;
        private final Map<String, Double> weights; // by value
        private final double[] quantities; // of these values, in order
        private final double[] ofQuantities; // their weights
        /** By number; NaN if it was not asked about. */
        private float[] known = {0, Float.NaN, Float.NaN};

        Attribute(String attribute, AttributeValues values, Map<String, Double> weights) {
            this.attribute = attribute;
            this.values = values;
            this.weights = weights;
            this.quantities = weights.keySet().stream()
                    .flatMapToDouble(ItemFilter.AnyOf::number)
                    .sorted()
                    .toArray();
            this.ofQuantities = Arrays.stream(quantities)
                    .map(quantity -> weight(ItemFilter.AnyOf.text(quantity)))
                    .toArray();
        }

        float of(FeatureValue value) {
            return value.match(
                    category -> (float) weight(category.value()),
                    quantity -> of(quantity.value()),
                    bag -> (float) bag.values().stream()
                            .distinct()
                            .mapToDouble(this::weight)
                            .sum(),
                    dense -> 0f);
        }

        private double weight(String value) {
            return weights.getOrDefault(value, 0.0);
        }

        private float of(double quantity) {
            int at = Arrays.binarySearch(quantities, quantity + 0.0); // -0 is 0
            return at < 0 ? 0 : (float) ofQuantities[at];
        }

        void addTo(float[] sums, AttributeColumns columns, Features[] items, int count) {
            char[] numbers = columns.numbers(values.column());
            double[] quantities = columns.quantities(values.column());
            for (int row = 0; row < Math.min(count, numbers.length); row++) {
                char number = numbers[row];
                if (number == AttributeValues.QUANTITY) {
                    sums[row] += of(quantities[row]);
                } else {
                    float boost = number < known.length ? known[number] : Float.NaN;
                    sums[row] += Float.isNaN(boost) ? asked(number, items[row]) : boost;
                }
            }
        }

        private float asked(char number, Features item) {
            if (number == AttributeValues.UNNUMBERED) {
                return item.value(attribute).map(this::of).orElse(0f);
            }
            if (number >= known.length) {
                int before = known.length;
                known = Arrays.copyOf(known, Math.max(number + 1, 2 * before));
                Arrays.fill(known, before, known.length, Float.NaN);
            }
            known[number] = of(values.value(number));
            return known[number];
        }
    }
}
