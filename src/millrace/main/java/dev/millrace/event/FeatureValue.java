package dev.millrace.event;

import java.util.List;
import java.util.function.Function;

/** The value of one feature in an event. */
public sealed interface FeatureValue {

    /** Calls the visitor's method for this kind of value. */
    <R> R accept(Visitor<R> visitor);

    /** Calls the function for this kind of value. */
    default <R> R match(
            Function<Category, R> category,
            Function<Quantity, R> quantity,
            Function<Bag, R> bag,
            Function<Dense, R> dense) {
        return accept(new Visitor<R>() {
            @Override
            public R category(Category value) {
                return category.apply(value);
            }

            @Override
            public R quantity(Quantity value) {
                return quantity.apply(value);
            }

            @Override
            public R bag(Bag value) {
                return bag.apply(value);
            }

            @Override
            public R dense(Dense value) {
                return dense.apply(value);
            }
        });
    }

    /** One method for each kind of value. */
    interface Visitor<R> {

        R category(Category category);

        R quantity(Quantity quantity);

        R bag(Bag bag);

        R dense(Dense dense);
    }

    /** A category or an id. */
    record Category(String value) implements FeatureValue {

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.category(this);
        }
    }

    /** A number in [-1e30, 1e30], in the unit that its producer chose. */
    record Quantity(double value) implements FeatureValue {

        private static final double MAX = 1e30; // sums of its square stay far below the largest double

        public Quantity {
            Require.that(
                    Math.abs(value) <= MAX,
                    RejectReason.BAD_VALUE,
                    value,
                    "must be finite and at most 1e30 either way");
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.quantity(this);
        }
    }

    /** Several categories at once, in no order that matters; duplicates count. */
    record Bag(List<String> values) implements FeatureValue {
        public Bag {
            values = List.copyOf(values);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.bag(this);
        }
    }

    /** A dense vector computed elsewhere, such as the embedding of a picture; each component is in [-1e6, 1e6]. */
    record Dense(List<Float> values) implements FeatureValue {

        /** Far above those of embeddings; the model scales long vectors down. */
        private static final float MAX = 1e6f;

        public Dense {
            values = List.copyOf(values);
            for (float component : values) {
                Require.that(
                        Math.abs(component) <= MAX,
                        RejectReason.BAD_COMPONENT,
                        component,
                        "must be finite and at most 1e6 either way");
            }
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.dense(this);
        }
    }
}
