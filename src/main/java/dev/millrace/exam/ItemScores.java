package dev.millrace.exam;

/**
 * Inner products of one user vector with every item's.
 *
 * <p>Item vectors are kept transposed, so that the innermost loop runs over items and the compiler turns it into SIMD.
 */
final class ItemScores {

    private final float[] transposed; // [dim, items]
    private final int items;
    private final int dim;

    /** @param itemVectors [items, dim] row-major */
    ItemScores(float[] itemVectors, int items, int dim) {
        this.items = items;
        this.dim = dim;
        this.transposed = new float[items * dim];
        for (int item = 0; item < items; item++) {
            for (int d = 0; d < dim; d++) {
                transposed[d * items + item] = itemVectors[item * dim + d];
            }
        }
    }

    /**
     * @param users [_, dim] row-major
     * @param offset of the user's row
     * @param out [items] filled
     */
    void of(float[] users, int offset, float[] out) {
        java.util.Arrays.fill(out, 0);
        for (int d = 0; d < dim; d++) {
            addScaled(users[offset + d], d * items, out);
        }
    }

    private void addScaled(float factor, int from, float[] out) {
        for (int item = 0; item < out.length; item++) {
            out[item] += factor * transposed[from + item];
        }
    }
}
