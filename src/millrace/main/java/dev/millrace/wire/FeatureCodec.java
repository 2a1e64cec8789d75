package dev.millrace.wire;

import dev.millrace.avro.FeatureVector;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.avro.AvroRuntimeException;

/** Feature maps between core and Avro; and times, which events carry as instants. */
final class FeatureCodec {

    // branches of the union of values
    private static final int CATEGORY = 0;
    private static final int QUANTITY = 1;
    private static final int BAG = 2;
    private static final int DENSE = 3;

    private FeatureCodec() {}

    static Map<String, dev.millrace.avro.FeatureValue> toAvro(Features features) {
        Map<String, dev.millrace.avro.FeatureValue> values = new HashMap<>();
        features.values().forEach((name, value) -> values.put(name, new dev.millrace.avro.FeatureValue(toAvro(value))));
        return values;
    }

    static Features toCore(Map<String, dev.millrace.avro.FeatureValue> values) {
        SortedMap<String, FeatureValue> features = new TreeMap<>();
        values.forEach((name, value) -> {
            try {
                features.put(name, toCore(value.getValue(), Object::toString));
            } catch (UnusableEventException unusable) {
                throw unusable.ofFeature(name);
            }
        });
        return Features.taking(features);
    }

    /** Writes features as their schema has them, in the order of a map of Avro's classes. */
    static void write(RecordEncoder fields, Features features) {
        Map<String, FeatureValue> values = new HashMap<>();
        features.values().forEach(values::put);
        FeatureValue.Visitor<RecordEncoder> writer = new Branches(fields, 0, fields::text);
        fields.all(values.entrySet(), feature -> {
            fields.text(feature.getKey());
            feature.getValue().accept(writer);
        });
    }

    /**
     * Writes a value as a branch of the union of its schema.
     *
     * @param first branch of the union that is a category; the other kinds follow it
     * @param text writes a text
     */
    record Branches(RecordEncoder fields, int first, Consumer<String> text)
            implements FeatureValue.Visitor<RecordEncoder> {

        @Override
        public RecordEncoder category(FeatureValue.Category category) {
            fields.longInteger(first + CATEGORY);
            text.accept(category.value());
            return fields;
        }

        @Override
        public RecordEncoder quantity(FeatureValue.Quantity quantity) {
            return fields.longInteger(first + QUANTITY).number(quantity.value());
        }

        @Override
        public RecordEncoder bag(FeatureValue.Bag bag) {
            return fields.longInteger(first + BAG).all(bag.values(), text);
        }

        @Override
        public RecordEncoder dense(FeatureValue.Dense dense) {
            return fields.longInteger(first + DENSE).all(dense.values(), fields::smallNumber);
        }
    }

    /** Reads features as their schema has them. */
    static Features read(RecordDecoder from) throws IOException {
        SortedMap<String, FeatureValue> values = new TreeMap<>();
        for (long block = from.readMapStart(); block > 0; block = from.mapNext()) {
            for (long left = block; left > 0; left--) {
                values.put(from.readString(), value(from));
            }
        }
        return Features.taking(values);
    }

    private static FeatureValue value(RecordDecoder from) throws IOException {
        int branch = from.readIndex();
        return switch (branch) {
            case CATEGORY -> new FeatureValue.Category(from.readString());
            case QUANTITY -> new FeatureValue.Quantity(from.readDouble());
            case BAG -> new FeatureValue.Bag(list(from, from::readString));
            case DENSE -> new FeatureValue.Dense(list(from, from::readFloat));
            default -> throw new AvroRuntimeException("a feature value's union has no branch " + branch);
        };
    }

    interface Element<T> {
        T read() throws IOException;
    }

    static <T> List<T> list(RecordDecoder from, Element<T> element) throws IOException {
        List<T> list = new ArrayList<>();
        for (long block = from.readArrayStart(); block > 0; block = from.arrayNext()) {
            for (long left = block; left > 0; left--) {
                list.add(element.read());
            }
        }
        return list;
    }

    static Instant instant(long epochMillis) {
        return Instant.ofEpochMilli(epochMillis);
    }

    /** A value as the union of its schema holds it. */
    private static Object toAvro(FeatureValue value) {
        return value.match(
                FeatureValue.Category::value,
                FeatureValue.Quantity::value,
                FeatureValue.Bag::values,
                dense -> new FeatureVector(dense.values()));
    }

    /**
     * A value that a union holds.
     *
     * @param text what stands there for a text
     */
    static FeatureValue toCore(Object union, Function<Object, String> text) {
        if (union instanceof Double number) {
            return new FeatureValue.Quantity(number);
        } else if (union instanceof List<?> bag) {
            return new FeatureValue.Bag(bag.stream().map(text).toList());
        } else if (union instanceof FeatureVector vector) {
            return new FeatureValue.Dense(vector.getComponents());
        } else if (union instanceof CharSequence || union instanceof Integer) {
            return new FeatureValue.Category(text.apply(union));
        }
        throw new IllegalStateException("a feature value is of " + union.getClass() + ", which its schema has not");
    }
}
