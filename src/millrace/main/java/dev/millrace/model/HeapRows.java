package dev.millrace.model;

/**
 * The embedding rows that a model has on the heap.
 *
 * @param bytes they take, roughly
 * @param read rows that were read from the store since the model was made
 * @param missed those among them that steps needed, not only exams and publications in passing
 * @param learnt rows that steps learnt from since the model was made
 */
public record HeapRows(long bytes, long read, long missed, long learnt) {
    public static final HeapRows NONE = new HeapRows(0, 0, 0, 0);
}
