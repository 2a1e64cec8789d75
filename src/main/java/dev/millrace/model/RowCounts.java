package dev.millrace.model;

/**
 * How many rows there are, and how many were not admitted or were removed since the beginning.
 *
 * @param rows in all embedding tables now
 * @param waiting sightings of keys that had no row yet and did not get one
 * @param expired rows removed because no step touched them for {@code table.expire-after}
 * @param displaced rows removed because their table was full
 */
public record RowCounts(long rows, long waiting, long expired, long displaced) {

    /** Before the first step. */
    public static final RowCounts NONE = new RowCounts(0, 0, 0, 0);
}
