package dev.millrace.recall;

import dev.millrace.index.ItemIndex;

/**
 * The index and the encoder of one generation: the pair that answers a request.
 *
 * @param generation lineage of weights of both
 */
public record ServedGeneration(String generation, ItemIndex index, UserEncoder encoder) {}
