package dev.millrace.wire;

import dev.millrace.avro.FeatureVector;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Feature maps between core and Avro; and times, which events carry as instants. */
final class FeatureCodec {

    private static final FeatureValue.Visitor<Object> TO_UNION = new ToUnion();

    private FeatureCodec() {}

    static Map<String, dev.millrace.avro.FeatureValue> toAvro(Features features) {
        Map<String, dev.millrace.avro.FeatureValue> values = new HashMap<>();
        features.values()
                .forEach((name, value) -> values.put(name, new dev.millrace.avro.FeatureValue(value.accept(TO_UNION))));
        return values;
    }

    static Features toCore(Map<String, dev.millrace.avro.FeatureValue> values) {
        SortedMap<String, FeatureValue> features = new TreeMap<>();
        values.forEach((name, value) -> {
            try {
                features.put(name, value(value.getValue()));
            } catch (UnusableEventException unusable) {
                throw unusable.ofFeature(name);
            }
        });
        return Features.of(features);
    }

    static Instant instant(long epochMillis) {
        return Instant.ofEpochMilli(epochMillis);
    }

    /** A value as the union of its schema holds it. */
    private static final class ToUnion implements FeatureValue.Visitor<Object> {

        @Override
        public Object category(FeatureValue.Category category) {
            return category.value();
        }

        @Override
        public Object quantity(FeatureValue.Quantity quantity) {
            return quantity.value();
        }

        @Override
        public Object bag(FeatureValue.Bag bag) {
            return bag.values();
        }

        @Override
        public Object dense(FeatureValue.Dense dense) {
            return new FeatureVector(dense.values());
        }
    }

    private static FeatureValue value(Object union) {
        if (union instanceof CharSequence category) {
            return new FeatureValue.Category(category.toString());
        } else if (union instanceof Double number) {
            return new FeatureValue.Quantity(number);
        } else if (union instanceof List<?> bag) {
            return new FeatureValue.Bag(bag.stream().map(String::valueOf).toList());
        } else if (union instanceof FeatureVector vector) {
            return new FeatureValue.Dense(vector.getComponents());
        }
        throw new IllegalStateException("a feature value is of " + union.getClass() + ", which its schema has not");
    }
}
