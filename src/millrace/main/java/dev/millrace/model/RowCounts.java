package dev.millrace.model;

/**
 * Number of rows now, and numbers of not admitted and removed rows since the first step.
 *
 * @param rows in all embedding tables now
 * @param waiting sightings of keys that had no row and did not get one
 * @param expired rows removed because no step touched them for {@code table.expire-after}
 * @param displaced rows removed because their table was full
 */
public record RowCounts(long rows, long waiting, long expired, long displaced) {

    /** Before the first step. */
    public static final RowCounts NONE = new RowCounts(0, 0, 0, 0);
}
