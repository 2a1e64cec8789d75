package dev.millrace.feature;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads and writes features as fields of a stored value. */
public final class FeatureFields {

    private static final int CATEGORY = 0;
    private static final int QUANTITY = 1;
    private static final int BAG = 2;
    private static final int DENSE = 3;

    private FeatureFields() {}

    public static void write(Fields fields, Features features) {
        fields.integer(features.values().size());
        for (Map.Entry<String, FeatureValue> entry : features.values().entrySet()) {
            fields.text(entry.getKey());
            entry.getValue()
                    .match(
                            category -> fields.integer(CATEGORY).text(category.value()),
                            quantity -> fields.integer(QUANTITY).number(quantity.value()),
                            bag -> {
                                fields.integer(BAG);
                                texts(fields, bag.values());
                                return fields;
                            },
                            dense -> fields.integer(DENSE).floats(floats(dense.values())));
        }
    }

    public static Features read(ByteBuffer payload) {
        int count = payload.getInt();
        SortedMap<String, FeatureValue> values = new TreeMap<>();
        for (int at = 0; at < count; at++) {
            values.put(Fields.text(payload), value(payload));
        }
        return Features.of(values);
    }

    private static float[] floats(List<Float> components) {
        float[] floats = new float[components.size()];
        for (int at = 0; at < floats.length; at++) {
            floats[at] = components.get(at);
        }
        return floats;
    }

    /** Writes the number of texts, then the texts. */
    public static void texts(Fields fields, List<String> texts) {
        fields.integer(texts.size());
        texts.forEach(fields::text);
    }

    /** Reads texts that {@link #texts(Fields, List)} wrote. */
    public static List<String> texts(ByteBuffer payload) {
        int count = payload.getInt();
        List<String> texts = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            texts.add(Fields.text(payload));
        }
        return texts;
    }

    private static FeatureValue value(ByteBuffer payload) {
        int kind = payload.getInt();
        return switch (kind) {
            case CATEGORY -> new FeatureValue.Category(Fields.text(payload));
            case QUANTITY -> new FeatureValue.Quantity(payload.getDouble());
            case BAG -> new FeatureValue.Bag(texts(payload));
            case DENSE -> {
                List<Float> components = new ArrayList<>();
                for (float component : Fields.floats(payload)) {
                    components.add(component);
                }
                yield new FeatureValue.Dense(components);
            }
            default -> throw new CorruptEntryException("a feature value of unknown kind " + kind);
        };
    }
}
