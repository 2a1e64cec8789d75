package dev.millrace.recall;

import dev.millrace.index.ItemIndex;

/**
 * Index and encoder of one generation: the pair that answers a request.
 *
 * @param generation lineage of weights of both
 */
public record ServedGeneration(String generation, ItemIndex index, UserEncoder encoder) {}
