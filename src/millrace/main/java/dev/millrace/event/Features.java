package dev.millrace.event;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Feature values by name, in the order of their names. No record, as that could not take over a map without a copy. */
public final class Features {

    /** No features. */
    public static final Features NONE = new Features(Collections.emptySortedMap());

    private final SortedMap<String, FeatureValue> values;

    private Features(SortedMap<String, FeatureValue> values) {
        this.values = Collections.unmodifiableSortedMap(values);
    }

    public static Features of(Map<String, FeatureValue> values) {
        return taking(new TreeMap<>(values));
    }

    /** Takes over a map in the natural order of the names, which the caller does not change any more. */
    public static Features taking(SortedMap<String, FeatureValue> values) {
        return values.isEmpty() ? NONE : new Features(values);
    }

    public SortedMap<String, FeatureValue> values() {
        return values;
    }

    public Optional<FeatureValue> value(String name) {
        return Optional.ofNullable(values.get(name));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Features features && values.equals(features.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return "Features[values=" + values + ']';
    }
}
