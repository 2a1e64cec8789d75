package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoublePredicate;

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
    static BoostedRows of(List<Arrangement.Boost> boosts, AttributeColumns.Names names) {
        if (boosts.isEmpty()) {
            return NONE;
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        for (Arrangement.Boost boost : boosts) {
            String attribute = boost.attribute();
            ItemFilter.Condition condition = new ItemFilter.AnyOf(attribute, Set.of(boost.value()));
            attributes.computeIfAbsent(attribute, name -> new Attribute(name, names.of(name))).weights.add(
                    new Weight(condition, condition.quantities(), boost.weight()));
        }
        return new BoostedRows(List.copyOf(attributes.values()));
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

    /** The boost of a value, and which quantities are that value. */
    private record Weight(ItemFilter.Condition condition, DoublePredicate quantities, double number) {}

    /** The boosts of one attribute. */
    private static final class Attribute {

        private final String attribute;
        private final AttributeValues values;
        private final List<Weight> weights = new ArrayList<>();
        /** By number; NaN if it was not asked about. */
        private float[] known = {0, Float.NaN, Float.NaN};

        Attribute(String attribute, AttributeValues values) {
            this.attribute = attribute;
            this.values = values;
        }

        float of(FeatureValue value) {
            double sum = 0;
            for (Weight weight : weights) {
                sum += weight.condition().holds(value) ? weight.number() : 0;
            }
            return (float) sum;
        }

        private float of(double quantity) {
            double sum = 0;
            for (Weight weight : weights) {
                sum += weight.quantities().test(quantity) ? weight.number() : 0;
            }
            return (float) sum;
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
