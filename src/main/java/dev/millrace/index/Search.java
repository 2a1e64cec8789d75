package dev.millrace.index;

import java.util.function.Predicate;

/**
 * A search of an index.
 *
 * @param query [dim] must not be changed afterwards
 * @param k items wanted, at least 1; fewer come back if the index has fewer
 * @param excluded items that must not come back
 * @param filter conditions on the items' attributes
 * @param popularityWeight factor of an item's log of popularity, which is added to the inner product; finite
 */
public record Search(float[] query, int k, Predicate<String> excluded, ItemFilter filter, float popularityWeight) {}
