package dev.millrace.event;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Feature values by name, in the order of their names. */
public record Features(SortedMap<String, FeatureValue> values) {

    /** No features. */
    public static final Features NONE = new Features(new TreeMap<>());

    public Features {
        values = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    public static Features of(Map<String, FeatureValue> values) {
        if (values.isEmpty()) {
            return NONE;
        }
        return new Features(values instanceof SortedMap<String, FeatureValue> sorted ? sorted : new TreeMap<>(values));
    }

    public Optional<FeatureValue> value(String name) {
        return Optional.ofNullable(values.get(name));
    }
}
