package dev.millrace.index;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The slow, obvious twin of {@link ItemIndex}: a sorted map, scored and sorted whole. */
final class ItemIndexReference {

    private final Map<String, float[]> vectors = new TreeMap<>();
    private final Map<String, Double> terms = new TreeMap<>();

    void put(String item, float[] vector) {
        vectors.put(item, vector.clone());
    }

    /** @param term added to the item's score */
    void put(String item, float[] vector, double term) {
        put(item, vector);
        terms.put(item, term);
    }

    /** Adds to an item's score, if the item is there. */
    void add(String item, float term) {
        terms.put(item, (double) term);
    }

    void remove(String item) {
        vectors.remove(item);
    }

    int size() {
        return vectors.size();
    }

    List<ScoredItem> search(float[] query, int k, Predicate<String> excluded) {
        return vectors.entrySet().stream()
                .filter(entry -> !excluded.test(entry.getKey()))
                .map(entry -> new ScoredItem(entry.getKey(), (float)
                        (innerProduct(query, entry.getValue()) + terms.getOrDefault(entry.getKey(), 0.0))))
                .sorted(ScoredItem.BEST_FIRST)
                .limit(k)
                .toList();
    }

    private static double innerProduct(float[] left, float[] right) {
        double sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += (double) left[at] * right[at];
        }
        return sum;
    }
}
