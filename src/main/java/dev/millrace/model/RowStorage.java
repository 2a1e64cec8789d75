package dev.millrace.model;

import dev.millrace.state.EntrySource;

/**
 * Where the embedding rows of a model are.
 *
 * @param rows the stored rows; {@link EntrySource#NONE} if all stay on the heap
 * @param cacheBytes of the rows on the heap, roughly; what changed since the last drain stays on the heap in any case
 */
public record RowStorage(EntrySource rows, long cacheBytes) {

    /** All rows stay on the heap. */
    public static final RowStorage ON_THE_HEAP = new RowStorage(EntrySource.NONE, Long.MAX_VALUE);
}
