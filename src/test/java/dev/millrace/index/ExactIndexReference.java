package dev.millrace.index;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The slow, obvious twin of {@link ExactIndex}: a sorted map, scored and sorted whole. */
final class ExactIndexReference {

    private final Map<String, float[]> vectors = new TreeMap<>();

    void put(String item, float[] vector) {
        vectors.put(item, vector.clone());
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
                .map(entry -> new ScoredItem(entry.getKey(), innerProduct(query, entry.getValue())))
                .sorted(ScoredItem.BEST_FIRST)
                .limit(k)
                .toList();
    }

    private static float innerProduct(float[] left, float[] right) {
        double sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += (double) left[at] * right[at];
        }
        return (float) sum;
    }
}
