package dev.millrace.index;

import java.util.Arrays;

/** What a search adds to the scores of some rows, in the order of the rows. One thread. */
final class AddedRows {

    private final long[] rows; // each with its number: row int32 | float32
    private int next;

    /** @param rows of {@link #entry}, in any order; no row twice */
    AddedRows(long[] rows) {
        this.rows = rows;
        Arrays.sort(rows);
    }

    /** A row and the number that is added to its score. */
    static long entry(int row, float number) {
        return ((long) row << Integer.SIZE) | (Float.floatToRawIntBits(number) & 0xffff_ffffL);
    }

    /**
     * Adds to the bounds of a chunk's rows. Chunks must come in their order.
     *
     * @param first number of the chunk's first row
     */
    void addTo(ScoreBounds bounds, int first, int count) {
        while (next < rows.length && row(next) < first + count) {
            if (row(next) >= first) {
                bounds.add(row(next) - first, number(next));
            }
            next++;
        }
    }

    /** Returns a score with what is added to that of a row. */
    float added(float score, int row) {
        if (rows.length == 0) {
            return score;
        }
        int at = Arrays.binarySearch(rows, (long) row << Integer.SIZE);
        int found = at < 0 ? -at - 1 : at; // the first entry that is not smaller is the row's, if there is one
        return found < rows.length && row(found) == row ? score + number(found) : score;
    }

    private int row(int at) {
        return (int) (rows[at] >> Integer.SIZE);
    }

    private float number(int at) {
        return Float.intBitsToFloat((int) rows[at]);
    }
}
