package dev.millrace.index;

import java.util.Arrays;

/** What a search adds to the scores of some rows. */
final class AddedRows {

    private final long[] rows; // in their order, each with its number: row int32 | float32

    /** @param rows of {@link #entry}, in any order; no row twice */
    AddedRows(long[] rows) {
        this.rows = rows;
        Arrays.sort(rows);
    }

    /** A row and the number that is added to its score. */
    static long entry(int row, float number) {
        return first(row) | (Float.floatToRawIntBits(number) & 0xffff_ffffL);
    }

    /**
     * Adds to the bounds of a chunk's rows.
     *
     * @param first number of the chunk's first row
     */
    void addTo(ScoreBounds bounds, int first, int count) {
        for (int at = place(first); at < rows.length && row(at) < first + count; at++) {
            bounds.add(row(at) - first, number(at));
        }
    }

    /** Returns a score with what is added to that of a row. */
    float added(float score, int row) {
        int at = place(row);
        return at < rows.length && row(at) == row ? score + number(at) : score;
    }

    /** Returns where the entries of a row and those behind it begin. */
    private int place(int row) {
        int at = Arrays.binarySearch(rows, first(row));
        return at < 0 ? -at - 1 : at;
    }

    /** The least entry that a row can have. */
    private static long first(int row) {
        return (long) row << Integer.SIZE;
    }

    private int row(int at) {
        return (int) (rows[at] >> Integer.SIZE);
    }

    private float number(int at) {
        return Float.intBitsToFloat((int) rows[at]);
    }
}
