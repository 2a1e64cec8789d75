package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Team;
import java.util.Arrays;

/**
 * Gradients of one table's rows in one step: one sum for each row that the step reads. One thread, except {@link #addTo}.
 *
 * <p>Rows get slots in the order of their first appearance, and each sum is added up in the order of the calls. So the bits
 * do not depend on row numbers.
 */
public final class RowGradients {

    private static final int LANES = 8;
    private static final int SLOTS = 256; // worth a second thread
    private static final int NEIGHBOURS = 3; // eight slots have one owner
    private static final int SLOT_BITS = 24; // rows of a step: a batch has at most 8,192 examples

    private final EmbeddingTable table;
    private final int dim;
    /** [rows] slot + 1 of a row that has one, else 0. */
    private int[] slots = new int[0];

    private int[] rows = new int[256];
    private float[] sums;
    private float[] squares = new float[256];
    private float[] meanSquares = new float[256];
    /** [count] L2 distance that each row moved; filled only after {@link #keepDistances}. */
    private float[] distances = new float[0];

    private final Team team;
    /** [members][dim] */
    private float[][] before = new float[0][];

    private boolean areDistancesKept;
    private int count;

    public RowGradients(EmbeddingTable table, Team team) {
        this.team = team;
        this.table = table;
        this.dim = table.dim();
        this.sums = new float[rows.length * dim];
    }

    public EmbeddingTable table() {
        return table;
    }

    /** Number of rows that have a gradient. */
    public int count() {
        return count;
    }

    public int row(int slot) {
        return rows[slot];
    }

    /**
     * Gives slots to rows, in their order.
     *
     * @param opened [count] rows; a negative number is none
     * @param found [count] the slot of each row, filled; negative for none
     */
    public void open(int[] opened, int count, int[] found) {
        for (int at = 0; at < count; at++) {
            found[at] = opened[at] < 0 ? -1 : slot(opened[at]);
        }
    }

    /** Returns whether a slot belongs to one of some owners, whose number is a power of two. */
    public static boolean isOwned(int slot, int owner, int owners) {
        return slot >= 0 && (slot >>> NEIGHBOURS & owners - 1) == owner;
    }

    /** Adds {@code factor * gradient[at … at + dim)} to a slot's sum. Any thread, if no two threads add to one slot. */
    public void addTo(int slot, float[] gradient, int at, float factor) {
        Loops.now().addScaled(sums, slot * dim, gradient, at, dim, factor);
    }

    /** Returns the squared L2 norm of all sums. Must precede {@link #clip} and {@link #apply}. */
    public double squaredNorm() {
        team.share(count, SLOTS, (from, to, member) -> {
            for (int slot = from; slot < to; slot++) {
                squares[slot] = squares(slot * dim);
                meanSquares[slot] = squares[slot] / dim;
            }
        });
        double total = 0;
        for (int slot = 0; slot < count; slot++) {
            total += squares[slot];
        }
        return total;
    }

    /** Adds the gradient of the L2 penalty: {@code l2} times each row. */
    public void addPenalty(float l2) {
        Loops loops = Loops.now();
        float[] values = table.values();
        team.share(count, SLOTS, (from, to, member) -> {
            for (int slot = from; slot < to; slot++) {
                loops.addScaled(sums, slot * dim, values, rows[slot] * dim, dim, l2);
            }
        });
    }

    /** Scales the gradient of each row down to an L2 norm, if it is longer. Follows {@link #squaredNorm}. */
    public void clip(double maxNorm) {
        double maxMeanSquare = maxNorm * maxNorm / dim;
        team.share(count, SLOTS, (from, to, member) -> {
            for (int slot = from; slot < to; slot++) {
                clip(slot, maxMeanSquare);
            }
        });
    }

    private void clip(int slot, double maxMeanSquare) {
        if (meanSquares[slot] > maxMeanSquare) {
            float scale = (float) Math.sqrt(maxMeanSquare / meanSquares[slot]);
            for (int at = slot * dim; at < (slot + 1) * dim; at++) {
                sums[at] *= scale;
            }
            meanSquares[slot] = (float) maxMeanSquare;
        }
    }

    /**
     * Updates the rows with the table's optimiser. Follows {@link #squaredNorm}.
     *
     * @param rate learning rate of this step
     * @param step of the log, from 1
     * @param time event time of the step, epoch milliseconds
     */
    public void apply(float rate, long step, long time) {
        if (areDistancesKept && distances.length < count) {
            distances = new float[rows.length];
        }
        team.share(count, SLOTS, (from, to, member) -> move(from, to, rate, member));
        for (int slot = 0; slot < count; slot++) {
            table.touch(rows[slot], (step << SLOT_BITS) + slot + 1, time);
        }
    }

    private void move(int from, int to, float rate, int member) {
        OptimiserRule rule = table.rule();
        Loops loops = Loops.now();
        float[] values = table.values();
        float[] memory = table.slots();
        for (int slot = from; slot < to; slot++) {
            int row = rows[slot];
            if (areDistancesKept) {
                System.arraycopy(values, row * dim, before[member], 0, dim);
            }
            rule.move(values, memory, row, dim, sums, slot, meanSquares[slot], rate);
            if (!loops.areFinite(values, row * dim, (row + 1) * dim)) {
                table.doubt();
            }
            if (areDistancesKept) {
                distances[slot] = distance(values, row * dim, before[member]);
            }
        }
    }

    /** From now on, {@link #apply} records how far it moves each row. */
    public void keepDistances() {
        areDistancesKept = true;
        before = new float[team.size()][dim];
    }

    /** Returns the L2 distance that the last {@link #apply} moved a slot's row; 0 without {@link #keepDistances}. */
    public float distance(int slot) {
        return areDistancesKept ? distances[slot] : 0f;
    }

    private float distance(float[] values, int from, float[] old) {
        float squares = 0;
        for (int d = 0; d < dim; d++) {
            float difference = values[from + d] - old[d];
            squares += difference * difference;
        }
        return (float) Math.sqrt(squares);
    }

    /** Removes all sums. */
    public void clear() {
        for (int slot = 0; slot < count; slot++) {
            slots[rows[slot]] = 0;
        }
        team.share(count, SLOTS, (from, to, member) -> Arrays.fill(sums, from * dim, to * dim, 0f));
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
                squares = Arrays.copyOf(squares, 2 * slot);
                meanSquares = Arrays.copyOf(meanSquares, 2 * slot);
                sums = Arrays.copyOf(sums, 2 * slot * dim);
            }
            rows[slot] = row;
        }
        return slot;
    }
}
