package dev.millrace.index;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The rows that may be among the best, by bounds of their scores. One thread.
 *
 * <p>The floor is the k-th largest of the lower bounds met so far, so k items score at least as much. A row whose upper bound is below it is none of the best.
 */
final class Contenders {

    private static final int ROOM = 1_024;

    private final float[] lowers; // the largest k, a heap with the least at 0
    private int held;
    private int[] rows = new int[ROOM];
    private float[] uppers = new float[ROOM];
    private int count;

    /**
     * @param k items wanted, at least 1
     * @param of items that can come
     */
    Contenders(int k, int of) {
        lowers = new float[Math.max(1, Math.min(k, of))];
    }

    float floor() {
        return held < lowers.length ? Float.NEGATIVE_INFINITY : lowers[0];
    }

    /** Takes a row whose upper bound is not below the floor. */
    void add(int row, float upper, float lower) {
        if (count == rows.length) {
            makeRoom();
        }
        rows[count] = row;
        uppers[count++] = upper;
        raise(lower);
    }

    private void raise(float lower) {
        if (!Float.isFinite(lower)) {
            return;
        }
        if (held < lowers.length) {
            rise(held++, lower);
        } else if (lower > lowers[0]) {
            sink(lower);
        }
    }

    /** Visits the rows whose upper bounds are not below the floor, in the order in which they came. */
    void forEach(IntConsumer visitor) {
        dropThoseBelowTheFloor();
        for (int at = 0; at < count; at++) {
            visitor.accept(rows[at]);
        }
    }

    /** Whether as many items were kept as the floor stands for, none of which scores less than the floor. */
    boolean isFloorReached(BestItems kept) {
        return held < lowers.length || (kept.size() >= lowers.length && !(kept.least() < floor()));
    }

    private void makeRoom() {
        dropThoseBelowTheFloor();
        if (2 * count > rows.length) {
            rows = Arrays.copyOf(rows, 2 * rows.length);
            uppers = Arrays.copyOf(uppers, 2 * uppers.length);
        }
    }

    private void dropThoseBelowTheFloor() {
        float floor = floor();
        int kept = 0;
        for (int at = 0; at < count; at++) {
            if (!(uppers[at] < floor)) {
                rows[kept] = rows[at];
                uppers[kept++] = uppers[at];
            }
        }
        count = kept;
    }

    private void rise(int hole, float lower) {
        int at = hole;
        while (at > 0 && lowers[(at - 1) / 2] > lower) {
            lowers[at] = lowers[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        lowers[at] = lower;
    }

    private void sink(float lower) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child + 1 < held && lowers[child + 1] < lowers[child]) {
                child++;
            }
            if (child >= held || lowers[child] >= lower) {
                break;
            }
            lowers[at] = lowers[child];
            at = child;
        }
        lowers[at] = lower;
    }
}
