package dev.millrace.model;

/**
 * How many rows there are and what became of others; all but the first since the beginning.
 *
 * @param rows in all embedding tables now
 * @param waiting sightings of keys that had no row yet and did not get one
 * @param expired rows that went because they were not touched for {@code table.expire-after}
 * @param displaced rows that went because their table was full
 */
public record RowCounts(long rows, long waiting, long expired, long displaced) {

    /** Nothing learnt yet. */
    public static final RowCounts NONE = new RowCounts(0, 0, 0, 0);
}
