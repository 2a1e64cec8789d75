package dev.millrace.model.engine;

/**
 * Loops over short runs of numbers, such as a row of an embedding table.
 *
 * <p>Each number of a result is computed by itself, or its order does not matter, or it is said. So the bits do not depend on the lanes. Safe
 * for threads.
 */
public interface Loops {

    /** Returns the fastest that is ready, see {@link Warmth}. */
    static Loops now() {
        return Warmth.loops();
    }

    /** {@code into[to + d] += from[at + d]}, for each d below the width. */
    void add(float[] into, int to, float[] from, int at, int width);

    /** {@code into[to + d] += factor * from[at + d]}, for each d below the width. The product is rounded. */
    void addScaled(float[] into, int to, float[] from, int at, int width, float factor);

    /**
     * Adds a bias to rows.
     *
     * @param rows [.., width of the bias] those from {@code from} to {@code to}, exclusive, are changed
     */
    default void addBias(float[] rows, int from, int to, float[] bias) {
        for (int row = from; row < to; row++) {
            add(rows, row * bias.length, bias, 0, bias.length);
        }
    }

    /** As {@link #addBias}; then negative numbers become 0, and NaN stays. */
    void addBiasRectified(float[] rows, int from, int to, float[] bias);

    /** Inner product in four sums: number d is in sum d mod 4, and the result is {@code (s0 + s1) + (s2 + s3)}. */
    float dot(float[] left, int leftAt, float[] right, int rightAt, int width);

    /**
     * Inner products of one vector with several, each as {@link #dot} has it.
     *
     * @param rights of which each begins at its place of {@code rightsAt}
     * @param products [rights] filled
     */
    default void dots(float[] left, float[][] rights, int[] rightsAt, int width, float[] products) {
        for (int at = 0; at < rights.length; at++) {
            products[at] = dot(left, 0, rights[at], rightsAt[at], width);
        }
    }

    /** Returns the largest of the numbers from {@code from} to {@code to}, exclusive, as {@link Math#max} has it. */
    float max(float[] numbers, int from, int to);

    /** Returns whether all numbers from {@code from} to {@code to}, exclusive, are finite. */
    boolean areFinite(float[] numbers, int from, int to);

    /** Counts the numbers from {@code from} to {@code to}, exclusive, that are larger than a mark. */
    int countAbove(float[] numbers, int from, int to, float mark);

    /** Counts the numbers from {@code from} to {@code to}, exclusive, that are smaller than a mark. */
    int countBelow(float[] numbers, int from, int to, float mark);

    /** Columns of a block of bytes. */
    int BYTE_BLOCK = 64;

    /**
     * Returns the place of a byte of a matrix of {@code n} rows, as {@link #byteProducts} takes it. The first half of a block's columns is in even places, the other
     * half in odd ones.
     */
    static int byteAt(int n, int row, int column) {
        int inBlock = column % BYTE_BLOCK;
        int place = 2 * inBlock < BYTE_BLOCK ? 2 * inBlock : 2 * inBlock - BYTE_BLOCK + 1;
        return (column / BYTE_BLOCK * n + row) * BYTE_BLOCK + place;
    }

    /**
     * Inner products of a row of numbers with the columns of a matrix of bytes.
     *
     * @param row [n] an even number, each from −127 to 127
     * @param bytes [columns / {@value #BYTE_BLOCK}, n, {@value #BYTE_BLOCK}] each from −127 to 127, see {@link #byteAt}
     * @param columns a multiple of {@value #BYTE_BLOCK}
     * @param products [columns] filled
     */
    void byteProducts(short[] row, byte[] bytes, int columns, int[] products);

    /** Returns whether {@link #byteProducts} takes less time than to multiply as many floats. */
    boolean areBytesFast();

    /**
     * Combines numbers of columns: {@code rest = (b y + c z) + d}, and {@code sum = (a x) n + rest}.
     *
     * @param count columns, a multiple of {@value #BYTE_BLOCK}
     * @param sum [count] filled
     * @param rest [count] filled
     */
    void combine(
            float a,
            float[] x,
            int[] n,
            float b,
            float[] y,
            float c,
            float[] z,
            float d,
            int count,
            float[] sum,
            float[] rest);
}
