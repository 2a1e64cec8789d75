package dev.millrace.feature;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads and writes features as fields of a stored value. */
public final class FeatureFields {

    private static final int CATEGORY = 0;
    private static final int QUANTITY = 1;
    private static final int BAG = 2;
    private static final int DENSE = 3;

    private FeatureFields() {}

    /** Writes features, or reads them. */
    public static Features features(Form form, Features now) {
        int count = form.count(now.values().size());
        if (!form.isRead()) {
            now.values().forEach((name, value) -> write(form, name, value));
            return now;
        }
        SortedMap<String, FeatureValue> values = new TreeMap<>();
        for (int at = 0; at < count; at++) {
            values.put(form.text(""), read(form));
        }
        return Features.taking(values);
    }

    /** Passes over features of a form that is read. */
    public static void skip(Form form) {
        int count = form.count(0);
        for (int at = 0; at < count; at++) {
            form.skipText();
            switch (form.integer(0)) {
                case CATEGORY -> form.skipText();
                case QUANTITY -> form.skip(Double.BYTES);
                case BAG -> {
                    for (int text = form.count(0); text > 0; text--) {
                        form.skipText();
                    }
                }
                case DENSE -> form.skip(Math.multiplyExact(form.count(0), Float.BYTES));
                default -> throw new CorruptEntryException("a feature value of unknown kind");
            }
        }
    }

    /** Writes all but the id of a user, or reads it. */
    public static UserFeatures user(Form form, String id, UserFeatures now) {
        return new UserFeatures(
                id, form.longInteger(now.time()), features(form, now.features()), form.texts(now.history()));
    }

    private static void write(Form form, String name, FeatureValue value) {
        form.text(name);
        value.<Object>match(
                category -> of(CATEGORY, form).text(category.value()),
                quantity -> of(QUANTITY, form).number(quantity.value()),
                bag -> of(BAG, form).texts(bag.values()),
                dense -> of(DENSE, form).floats(floats(dense.values())));
    }

    private static Form of(int kind, Form form) {
        form.integer(kind);
        return form;
    }

    private static FeatureValue read(Form form) {
        int kind = form.integer(0);
        return switch (kind) {
            case CATEGORY -> new FeatureValue.Category(form.text(""));
            case QUANTITY -> new FeatureValue.Quantity(form.number(0));
            case BAG -> new FeatureValue.Bag(form.texts(List.of()));
            case DENSE -> {
                List<Float> components = new ArrayList<>();
                for (float component : form.floats(new float[0])) {
                    components.add(component);
                }
                yield new FeatureValue.Dense(components);
            }
            default -> throw new CorruptEntryException("a feature value of unknown kind " + kind);
        };
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
}
