package dev.millrace.model;

import java.util.Optional;

/** Where the query side keeps embedding rows; called by many threads at once. */
public interface RowSource {

    /**
     * @param key of a row's entry among the query-side entries
     * @return the row, as {@link QueryEncoder#row} reads it from the entry's value
     */
    Optional<float[]> row(byte[] key);
}
