package dev.millrace.wire;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.avro.AvroRuntimeException;

/** Features of events and examples, in the order of their schema. */
final class FeatureCodec {

    // branches of the union of values
    private static final int CATEGORY = 0;
    private static final int QUANTITY = 1;
    private static final int BAG = 2;
    private static final int DENSE = 3;

    private FeatureCodec() {}

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
                String name = from.readString();
                try {
                    values.put(name, value(from.readIndex(), from, from::readString));
                } catch (UnusableEventException unusable) {
                    throw unusable.ofFeature(name);
                }
            }
        }
        return Features.taking(values);
    }

    /** @param text reads a text, or what stands for one */
    static FeatureValue value(int branch, RecordDecoder from, Element<String> text) throws IOException {
        return switch (branch) {
            case CATEGORY -> new FeatureValue.Category(text.read());
            case QUANTITY -> new FeatureValue.Quantity(from.readDouble());
            case BAG -> new FeatureValue.Bag(list(from, text));
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
}
