package dev.millrace.model;

import java.util.Arrays;

/**
 * Gradients of the rows of one table that a step read, one sum a row. One thread.
 *
 * <p>Rows take their slots in order of first appearance and sums are in order of addition, so the bits do not depend on row
 * numbers.
 */
final class RowGradients {

    private static final int LANES = 8;
    private static final int SLOT_BITS = 24; // rows of a step: a batch has at most 8,192 examples

    private final EmbeddingTable table;
    private final int dim;
    /** [rows] slot + 1 of a row that has one, else 0. */
    private int[] slots = new int[0];

    private int[] rows = new int[256];
    private float[] sums;
    private float[] meanSquares = new float[256];
    private int count;

    RowGradients(EmbeddingTable table) {
        this.table = table;
        this.dim = table.dim();
        this.sums = new float[rows.length * dim];
    }

    /** Rows that have a gradient. */
    int count() {
        return count;
    }

    int row(int slot) {
        return rows[slot];
    }

    /** [count, dim] the sums, by slot; valid until the next {@link #add}. */
    float[] sums() {
        return sums;
    }

    /** Adds {@code factor * gradient[at … at + dim)} to a row's sum. */
    void add(int row, float[] gradient, int at, float factor) {
        int to = slot(row) * dim;
        float[] into = sums;
        for (int d = 0; d < dim; d++) {
            into[to + d] += factor * gradient[at + d];
        }
    }

    /** Squared L2 norm of all sums; after it, {@link #apply} may follow. */
    double squaredNorm() {
        double total = 0;
        for (int slot = 0; slot < count; slot++) {
            float squares = squares(slot * dim);
            meanSquares[slot] = squares / dim;
            total += squares;
        }
        return total;
    }

    /**
     * Row-wise Adagrad: acc += mean(g²), row −= rate · g / (√acc + ε).
     *
     * @param time event time of the step, epoch milliseconds
     */
    void apply(ModelSettings.Adagrad adagrad, long step, long time) {
        float rate = (float) adagrad.learningRate();
        float epsilon = (float) adagrad.epsilon();
        float[] values = table.values();
        float[] accumulators = table.accumulators();
        float[] gradients = sums;
        for (int slot = 0; slot < count; slot++) {
            int row = rows[slot];
            float accumulator = accumulators[row] + meanSquares[slot];
            accumulators[row] = accumulator;
            // the root of a float in double, rounded, is the correctly rounded float root
            float pace = rate / ((float) Math.sqrt(accumulator) + epsilon);
            int to = row * dim;
            int from = slot * dim;
            for (int d = 0; d < dim; d++) {
                values[to + d] -= pace * gradients[from + d];
            }
            table.touch(row, (step << SLOT_BITS) + slot + 1, time);
        }
    }

    /** Forgets the step. */
    void clear() {
        for (int slot = 0; slot < count; slot++) {
            slots[rows[slot]] = 0;
        }
        Arrays.fill(sums, 0, count * dim, 0f);
        count = 0;
    }

    private float squares(int from) {
        float[] gradients = sums;
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int d = 0;
        for (; d + LANES <= dim; d += LANES) {
            int at = from + d;
            s0 += gradients[at] * gradients[at] + gradients[at + 1] * gradients[at + 1];
            s1 += gradients[at + 2] * gradients[at + 2] + gradients[at + 3] * gradients[at + 3];
            s2 += gradients[at + 4] * gradients[at + 4] + gradients[at + 5] * gradients[at + 5];
            s3 += gradients[at + 6] * gradients[at + 6] + gradients[at + 7] * gradients[at + 7];
        }
        for (; d < dim; d++) {
            s0 += gradients[from + d] * gradients[from + d];
        }
        return (s0 + s1) + (s2 + s3);
    }

    private int slot(int row) {
        if (row >= slots.length) {
            slots = Arrays.copyOf(slots, Math.max(row + 1, table.end() + table.end() / 2));
        }
        int slot = slots[row] - 1;
        if (slot < 0) {
            slot = count++;
            slots[row] = count;
            if (slot == rows.length) {
                rows = Arrays.copyOf(rows, 2 * slot);
                meanSquares = Arrays.copyOf(meanSquares, 2 * slot);
                sums = Arrays.copyOf(sums, 2 * slot * dim);
            }
            rows[slot] = row;
        }
        return slot;
    }
}
