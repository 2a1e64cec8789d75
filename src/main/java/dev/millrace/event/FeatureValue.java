package dev.millrace.event;

import java.util.List;

/** The value of one feature, as an event carries it. */
public sealed interface FeatureValue {

    /** A category or an id. */
    record Category(String value) implements FeatureValue {}

    /** A finite number, in the unit its producer chose. */
    record Quantity(double value) implements FeatureValue {
        public Quantity {
            Require.that(Double.isFinite(value), "value", value, "must be finite");
        }
    }

    /** Several categories at once, in no order that matters; duplicates count. */
    record Bag(List<String> values) implements FeatureValue {
        public Bag {
            values = List.copyOf(values);
        }
    }

    /** A dense vector made elsewhere, such as a picture's embedding; every component finite. */
    record Dense(List<Float> values) implements FeatureValue {
        public Dense {
            values = List.copyOf(values);
            for (float component : values) {
                Require.that(Float.isFinite(component), "component", component, "must be finite");
            }
        }
    }
}
