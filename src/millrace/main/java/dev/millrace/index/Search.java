package dev.millrace.index;

import dev.millrace.popularity.PriorWeights;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A search of an index.
 *
 * @param query [dim]
 * @param k items wanted, at least 1; fewer come back if the index has fewer
 * @param excluded items that must not come back
 * @param filter which items may come back
 * @param prior weights of popularity and age, whose sum is added to the inner product; finite. Without them the score is the inner product, to
 *     the last bit
 * @param added what is added to the scores of some items besides; finite
 */
public record Search(
        float[] query,
        int k,
        Predicate<String> excluded,
        ItemFilter filter,
        PriorWeights prior,
        Map<String, Float> added) {

    public Search {
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        if (!prior.areFinite()) {
            throw new IllegalArgumentException(prior + ": must be finite");
        }
        added = Map.copyOf(added);
        added.forEach((item, number) -> {
            if (!Float.isFinite(number)) {
                throw new IllegalArgumentException(number + " is added to item " + item + ": must be finite");
            }
        });
    }

    /** A search that adds nothing to single items. */
    public Search(float[] query, int k, Predicate<String> excluded, ItemFilter filter, PriorWeights prior) {
        this(query, k, excluded, filter, prior, Map.of());
    }

    /** A search by inner product alone, of all items. */
    public Search(float[] query, int k, Predicate<String> excluded) {
        this(query, k, excluded, ItemFilter.NONE, PriorWeights.NONE);
    }
}
