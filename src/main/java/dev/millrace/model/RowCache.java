package dev.millrace.model;

/**
 * The embedding rows that a model has on the heap.
 *
 * @param bytes they take, roughly
 * @param read rows that were read from the store since the model was made
 */
public record RowCache(long bytes, long read) {}
