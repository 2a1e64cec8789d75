package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Conditions on the published attributes of items, all of which must hold. */
public record ItemFilter(List<Condition> conditions) {

    /** No condition. */
    public static final ItemFilter NONE = new ItemFilter(List.of());

    public ItemFilter {
        conditions = List.copyOf(conditions);
    }

    /** Whether an item with these attributes passes. */
    public boolean passes(Features attributes) {
        for (Condition condition : conditions) {
            Optional<FeatureValue> value = attributes.value(condition.attribute());
            if (value.isEmpty() || !condition.holds(value.get())) {
                return false;
            }
        }
        return true;
    }

    /** A condition on one attribute. An item without the attribute does not pass. */
    public sealed interface Condition {
        String attribute();

        boolean holds(FeatureValue value);
    }

    /**
     * The attribute equals one of some values. Of a bag, one of its members must.
     *
     * @param values as text; a whole number without a decimal point
     */
    public record AnyOf(String attribute, Set<String> values) implements Condition {

        public AnyOf {
            values = Set.copyOf(values);
        }

        @Override
        public boolean holds(FeatureValue value) {
            if (value instanceof FeatureValue.Category category) {
                return values.contains(category.value());
            } else if (value instanceof FeatureValue.Bag bag) {
                return bag.values().stream().anyMatch(values::contains);
            } else if (value instanceof FeatureValue.Quantity quantity) {
                return values.contains(text(quantity.value()));
            }
            return false;
        }

        private static String text(double number) {
            boolean isWhole = number == Math.rint(number) && Math.abs(number) < 1e15;
            return isWhole ? Long.toString((long) number) : Double.toString(number);
        }
    }

    /** The attribute is a number from {@code min} to {@code max}. */
    public record Between(String attribute, double min, double max) implements Condition {
        @Override
        public boolean holds(FeatureValue value) {
            return value instanceof FeatureValue.Quantity quantity
                    && quantity.value() >= min
                    && quantity.value() <= max;
        }
    }
}
