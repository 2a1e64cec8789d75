package dev.millrace.recall;

import dev.millrace.index.ExactIndex;

/**
 * Index and encoder of one generation: the pair that answers a request.
 *
 * @param generation lineage of weights of both
 */
public record ServedGeneration(String generation, ExactIndex index, UserEncoder encoder) {}
