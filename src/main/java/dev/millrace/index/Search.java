package dev.millrace.index;

import java.util.function.Predicate;

/**
 * A search of an index.
 *
 * @param query [dim]
 * @param k items wanted, at least 1; fewer come back if the index has fewer
 * @param excluded items that must not come back
 * @param filter called only for items that may be among the best, in the order of the rows
 * @param popularityWeight factor of an item's log of popularity, which is added to the inner product; finite. With 0 the score is the
 *     inner product, to the last bit
 */
public record Search(float[] query, int k, Predicate<String> excluded, ItemFilter filter, float popularityWeight) {

    public Search {
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        if (!Float.isFinite(popularityWeight)) {
            throw new IllegalArgumentException("popularity weight = " + popularityWeight + ": must be finite");
        }
    }

    /** A search by inner product alone, of all items. */
    public Search(float[] query, int k, Predicate<String> excluded) {
        this(query, k, excluded, ItemFilter.NONE, 0);
    }
}
