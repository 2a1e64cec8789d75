package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;

/**
 * The rows of a table as numbers, [width]: first the components, then the optimiser's state. One thread.
 *
 * <p>Learners that share a table exchange its rows in this form.
 */
public final class RowNumbers {

    private final EmbeddingTable table;
    private final int dim;
    private final int slots;

    public RowNumbers(EmbeddingTable table) {
        this.table = table;
        this.dim = table.dim();
        this.slots = table.slotsARow();
    }

    public int width() {
        return dim + slots;
    }

    /** Returns the number of rows. */
    public long size() {
        return table.size();
    }

    /** [width] Returns what a key has that has no row yet. */
    public float[] initial(String key) {
        float[] row = table.initial(key);
        float[] memory = new float[slots];
        table.rule().begin(row, memory, 0, dim);
        return joined(row, 0, memory, 0);
    }

    /** [width] Returns the numbers of a stored row. */
    public float[] read(byte[] value) {
        float[] row = new float[dim];
        float[] memory = new float[slots];
        table.entries().read(value, row, 0, memory, 0);
        return joined(row, 0, memory, 0);
    }

    /** Returns the order of a stored row's last touch. */
    public long moment(byte[] value) {
        return table.entries().readTouch(value).getLong();
    }

    /** Returns the value of a stored row that no step has touched. */
    public byte[] value(float[] numbers) {
        return table.entries().value(numbers, 0, numbers, dim, 0, 0);
    }

    /** [width] Returns the numbers of a key's row as they are; adds the row if the key has none. */
    public float[] now(String key) {
        int row = table.row(key);
        int found = row == EmbeddingTable.NONE ? table.sight(key) : row;
        return joined(table.values(), found * dim, table.slots(), found * slots);
    }

    /**
     * Replaces the numbers of a row.
     *
     * @param step that touches it
     * @param place of the row among those of its table that the step touches
     * @param time of the touch, epoch milliseconds
     * @return L2 distance that the row moved
     */
    public float replace(String key, float[] numbers, long step, int place, long time) {
        int row = table.row(key);
        float distance = distance(table.values(), row * dim, numbers);
        System.arraycopy(numbers, 0, table.values(), row * dim, dim);
        System.arraycopy(numbers, dim, table.slots(), row * slots, slots);
        table.touch(row, (step << RowGradients.SLOT_BITS) + place + 1, time);
        return distance;
    }

    private float distance(float[] rows, int from, float[] to) {
        float[] moved = new float[dim];
        System.arraycopy(to, 0, moved, 0, dim);
        Loops.now().addScaled(moved, 0, rows, from, dim, -1f);
        return (float) Math.sqrt(Loops.now().dot(moved, 0, moved, 0, dim));
    }

    private float[] joined(float[] row, int at, float[] memory, int slot) {
        float[] numbers = new float[dim + slots];
        System.arraycopy(row, at, numbers, 0, dim);
        System.arraycopy(memory, slot, numbers, dim, slots);
        return numbers;
    }
}
