package dev.millrace.index;

import dev.millrace.model.engine.Loops;
import java.util.Arrays;

/**
 * Rows by bounds of their scores, best first. One thread.
 *
 * <p>Blocks of rows are a heap by their largest bound, so few rows are ever sorted.
 */
final class RankedRows {

    private static final int BLOCK = Loops.BYTE_BLOCK;
    private static final float GONE = Float.NEGATIVE_INFINITY;

    private final Loops loops = Loops.now();
    private final float[] bounds;
    private final float[] largest; // by block
    private final int[] blocks; // a heap, the one with the largest bound at 0

    /** @param rows that may come */
    RankedRows(int rows) {
        int count = (rows + BLOCK - 1) / BLOCK;
        bounds = new float[count * BLOCK];
        Arrays.fill(bounds, GONE);
        largest = new float[count];
        blocks = new int[count];
        Arrays.setAll(blocks, block -> block);
    }

    /** Takes a row. Its score is not above the bound, which may be infinite or NaN. */
    void put(int row, float bound) {
        if (bound > GONE) {
            bounds[row] = bound;
        } else {
            bounds[row] = Float.isNaN(bound) ? Float.POSITIVE_INFINITY : -Float.MAX_VALUE;
        }
    }

    /** Puts the rows in order, once all have been taken, or any dropped. */
    void rank() {
        for (int block = 0; block < blocks.length; block++) {
            largest[block] = loops.max(bounds, block * BLOCK, (block + 1) * BLOCK);
        }
        for (int at = blocks.length / 2 - 1; at >= 0; at--) {
            sink(at);
        }
    }

    boolean isEmpty() {
        return blocks.length == 0 || bound() == GONE;
    }

    /** The largest bound. */
    float bound() {
        return largest[blocks[0]];
    }

    /** First row of the block with the largest bound. */
    private int block() {
        return blocks[0] * BLOCK;
    }

    /** The row with the largest bound. */
    int best() {
        int row = block();
        while (bounds[row] != bound()) {
            row++;
        }
        return row;
    }

    /** Drops a row. {@link #settle} follows if it is of the block with the largest bound, else {@link #rank}. */
    void drop(int row) {
        bounds[row] = GONE;
    }

    /** Finds the block with the largest bound anew. */
    void settle() {
        largest[blocks[0]] = loops.max(bounds, block(), block() + BLOCK);
        sink(0);
    }

    private void sink(int from) {
        int block = blocks[from];
        int at = from;
        while (2 * at + 1 < blocks.length) {
            int child = 2 * at + 1;
            if (child + 1 < blocks.length && largest[blocks[child + 1]] > largest[blocks[child]]) {
                child++;
            }
            if (!(largest[blocks[child]] > largest[block])) {
                break;
            }
            blocks[at] = blocks[child];
            at = child;
        }
        blocks[at] = block;
    }
}
