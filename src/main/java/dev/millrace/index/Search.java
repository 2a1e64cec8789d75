package dev.millrace.index;

import java.util.function.Predicate;

/**
 * What is asked of an index.
 *
 * @param query [dim] not to be changed
 * @param k items wanted, at least 1; fewer come back if the index has fewer
 * @param excluded items that must not come back
 * @param filter what items must be
 * @param popularityWeight of an item's number of popularity beside the inner product, finite
 */
public record Search(float[] query, int k, Predicate<String> excluded, ItemFilter filter, float popularityWeight) {}
