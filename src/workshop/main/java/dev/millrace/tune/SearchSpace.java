package dev.millrace.tune;

import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The settings that a search may change, and the values that each may take.
 *
 * <p>These are the settings that made a difference on some data set of docs/quality.md. A value is tried only if it is valid beside the
 * given settings.
 */
public final class SearchSpace {

    /**
     * One setting.
     *
     * @param given its value as it is
     * @param others values to try, without the given one
     */
    public record Dimension(String key, String given, List<String> others) {}

    private static final Map<String, List<String>> VALUES = new TreeMap<>(Map.of(
            "batch.negatives", List.of("128", "256", "512"),
            "batch.size", List.of("32", "64", "128", "256"),
            "loss.smoothing", List.of("0", "0.1", "0.2"),
            "loss.temperature", List.of("0.07", "0.1", "0.15", "0.2"),
            "negatives.popularity", List.of("0", "256", "512"),
            "optimiser.dense.learning-rate", List.of("0.01", "0.02", "0.05"),
            "optimiser.rows.learning-rate", List.of("0.02", "0.03", "0.05", "0.1"),
            "rehearsal.examples", List.of("0", "16"),
            "tower.dim", List.of("32", "64", "128")));

    /** What follows the name of a history. */
    private static final Map<String, List<String>> HISTORY_VALUES = new TreeMap<>(
            Map.of(".max-values", List.of("10", "20", "50"), ".pooling", List.of("mean", "recency", "positions")));

    private static final String POOLING = ".pooling";
    private static final long STREAM = 0x74756e65L; // of random numbers; two to a dimension
    /** A candidate changes one setting in so many. */
    private static final int ONE_IN = 3;

    private static final int ATTEMPTS_A_CANDIDATE = 100;

    private final List<Dimension> dimensions;
    private final Predicate<Map<String, String>> isValid;

    private SearchSpace(List<Dimension> dimensions, Predicate<Map<String, String>> isValid) {
        this.dimensions = List.copyOf(dimensions);
        this.isValid = isValid;
    }

    /**
     * Returns the space around given settings.
     *
     * @param given every setting by key, defaults included
     * @param isValid whether the given settings are valid with some of them changed
     */
    public static SearchSpace around(SortedMap<String, String> given, Predicate<Map<String, String>> isValid) {
        SortedMap<String, List<String>> values = new TreeMap<>(VALUES);
        for (String key : given.keySet()) {
            if (key.endsWith(POOLING)) {
                String history = key.substring(0, key.length() - POOLING.length());
                HISTORY_VALUES.forEach((suffix, each) -> values.put(history + suffix, each));
            }
        }
        List<Dimension> dimensions = new ArrayList<>();
        values.forEach((key, each) -> {
            String before = given.getOrDefault(key, "");
            List<String> others = each.stream()
                    .filter(value -> !value.equals(before) && isValid.test(Map.of(key, value)))
                    .toList();
            if (!before.isEmpty() && !others.isEmpty()) {
                dimensions.add(new Dimension(key, before, others));
            }
        });
        return new SearchSpace(dimensions, isValid);
    }

    public List<Dimension> dimensions() {
        return dimensions;
    }

    /**
     * Draws valid combinations of changes, each once. They depend on the seed alone.
     *
     * @param count how many; there are fewer if the space is small
     */
    List<SortedMap<String, String>> candidates(int count, long seed) {
        List<SortedMap<String, String>> drawn = new ArrayList<>();
        Set<SortedMap<String, String>> seen = new HashSet<>(Set.of(Collections.emptySortedMap()));
        for (long draw = 0; drawn.size() < count && draw < (long) count * ATTEMPTS_A_CANDIDATE; draw++) {
            SortedMap<String, String> changes = draw(seed, draw);
            if (seen.add(changes) && isValid.test(changes)) {
                drawn.add(changes);
            }
        }
        return drawn;
    }

    private SortedMap<String, String> draw(long seed, long draw) {
        SortedMap<String, String> changes = new TreeMap<>();
        for (int at = 0; at < dimensions.size(); at++) {
            Dimension dimension = dimensions.get(at);
            if (CounterRandom.below(ONE_IN, seed, STREAM + 2L * at, draw) == 0) {
                int chosen = CounterRandom.below(dimension.others().size(), seed, STREAM + 2L * at + 1, draw);
                changes.put(dimension.key(), dimension.others().get(chosen));
            }
        }
        return changes;
    }
}
