package dev.millrace.model.table;

/**
 * How many rows were read from the store since a table was made.
 *
 * @param missed those that were needed for themselves, and not only in passing
 */
public record RowReads(long all, long missed) {

    public RowReads plus(RowReads other) {
        return new RowReads(all + other.all, missed + other.missed);
    }
}
