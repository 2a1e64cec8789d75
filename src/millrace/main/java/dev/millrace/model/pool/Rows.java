package dev.millrace.model.pool;

import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.RowGradients;

/** The rows that a feature pools, by their keys, and the gradients of a step. */
public interface Rows {

    /** Floats of a row. */
    int dim();

    /** [rows, dim] */
    float[] values();

    /** As {@link EmbeddingTable#rows}. */
    void find(String[] keys, long[] fingerprints, int count, int[] found);

    /** Returns the initial row of a key that has none. */
    float[] initial(String key);

    /** As {@link RowGradients#open}. */
    void open(int[] opened, int count, int[] slots);

    /** As {@link RowGradients#addTo}. */
    void addTo(int slot, float[] gradient, int at, float factor);

    /** The rows of an embedding table. */
    record OfTable(EmbeddingTable table, RowGradients gradients) implements Rows {

        @Override
        public int dim() {
            return table.dim();
        }

        @Override
        public float[] values() {
            return table.values();
        }

        @Override
        public void find(String[] keys, long[] fingerprints, int count, int[] found) {
            table.rows(keys, fingerprints, count, found);
        }

        @Override
        public float[] initial(String key) {
            return table.initial(key);
        }

        @Override
        public void open(int[] opened, int count, int[] slots) {
            gradients.open(opened, count, slots);
        }

        @Override
        public void addTo(int slot, float[] gradient, int at, float factor) {
            gradients.addTo(slot, gradient, at, factor);
        }
    }
}
