package dev.millrace.model;

import java.util.Optional;

/** The embedding rows of the query side. Many threads call it at once. */
public interface RowSource {

    /**
     * Returns a row, as {@link QueryEncoder#row} reads it from the entry's value.
     *
     * @param key of the row's entry among the query-side entries
     */
    Optional<float[]> row(byte[] key);
}
