package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.stream.DoubleStream;

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

    /** A condition on one attribute, asked of its value. An item without the attribute does not pass. */
    public sealed interface Condition extends FeatureValue.Visitor<Boolean> {

        String attribute();

        /** Which quantities hold. */
        DoublePredicate quantities();

        /** Calls the function of this case. */
        <T> T when(Function<AnyOf, T> anyOf, Function<Between, T> between);

        default boolean holds(FeatureValue value) {
            return value.accept(this);
        }

        @Override
        default Boolean quantity(FeatureValue.Quantity quantity) {
            return quantities().test(quantity.value());
        }

        @Override
        default Boolean dense(FeatureValue.Dense dense) {
            return false;
        }
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
        public <T> T when(Function<AnyOf, T> anyOf, Function<Between, T> between) {
            return anyOf.apply(this);
        }

        @Override
        public Boolean category(FeatureValue.Category category) {
            return values.contains(category.value());
        }

        @Override
        public DoublePredicate quantities() {
            double[] numbers =
                    values.stream().flatMapToDouble(AnyOf::number).sorted().toArray();
            return quantity -> Arrays.binarySearch(numbers, quantity + 0.0) >= 0; // -0 is 0
        }

        @Override
        public Boolean quantity(FeatureValue.Quantity quantity) {
            return values.contains(text(quantity.value()));
        }

        @Override
        public Boolean bag(FeatureValue.Bag bag) {
            return bag.values().stream().anyMatch(values::contains);
        }

        /** The number that a text says, if it is the number's own text. */
        static DoubleStream number(String text) {
            try {
                double number = Double.parseDouble(text);
                return text(number).equals(text) ? DoubleStream.of(number) : DoubleStream.empty();
            } catch (NumberFormatException noNumber) {
                return DoubleStream.empty();
            }
        }

        /** A number as values have it. */
        static String text(double number) {
            boolean isWhole = number == Math.rint(number) && Math.abs(number) < 1e15;
            return isWhole ? Long.toString((long) number) : Double.toString(number);
        }
    }

    /** The attribute is a number from {@code min} to {@code max}. */
    public record Between(String attribute, double min, double max) implements Condition {
        @Override
        public <T> T when(Function<AnyOf, T> anyOf, Function<Between, T> between) {
            return between.apply(this);
        }

        @Override
        public Boolean category(FeatureValue.Category category) {
            return false;
        }

        @Override
        public DoublePredicate quantities() {
            return quantity -> quantity >= min && quantity <= max;
        }

        @Override
        public Boolean bag(FeatureValue.Bag bag) {
            return false;
        }
    }
}
