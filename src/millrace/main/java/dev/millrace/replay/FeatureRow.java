package dev.millrace.replay;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Collects the features of one row. An absent value adds no feature. */
final class FeatureRow {

    private final Map<String, FeatureValue> values = new HashMap<>();

    FeatureRow category(String name, Optional<String> value) {
        value.ifPresent(text -> values.put(name, new FeatureValue.Category(text)));
        return this;
    }

    FeatureRow quantity(String name, Optional<Double> value) {
        value.ifPresent(number -> values.put(name, new FeatureValue.Quantity(number)));
        return this;
    }

    FeatureRow bag(String name, List<String> texts) {
        if (!texts.isEmpty()) {
            values.put(name, new FeatureValue.Bag(texts));
        }
        return this;
    }

    FeatureRow dense(String name, List<Float> components) {
        if (!components.isEmpty()) {
            values.put(name, new FeatureValue.Dense(components));
        }
        return this;
    }

    /** Returns what is known with fresh values in place of those of the same names. */
    static Features laidOver(@Nullable Features known, Features fresh) {
        if (known == null || known.values().isEmpty()) {
            return fresh;
        }
        SortedMap<String, FeatureValue> all = new TreeMap<>(known.values());
        all.putAll(fresh.values());
        return Features.taking(all);
    }

    Features features() {
        return Features.of(values);
    }
}
