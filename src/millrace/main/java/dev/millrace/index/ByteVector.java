package dev.millrace.index;

import dev.millrace.model.engine.Loops;

/**
 * A vector in bytes: {@code v ≈ scale · numbers}, each number from −127 to 127.
 *
 * <p>For {@code q ≈ t c} and {@code v ≈ s b}, Cauchy and Schwarz bound the inner product:
 * {@code <q, v> ≤ t s <c, b> + ‖q‖ ‖v − s b‖ + ‖q − t c‖ ‖s b‖}.
 */
final class ByteVector {

    /** Largest number: two products of such numbers fit in 16 bits. */
    private static final int LARGEST = 127;

    private final short[] numbers;
    private final float scale;
    private final float length;
    private final float left;
    private final float kept;

    private ByteVector(short[] numbers, float scale, double squares, double squaresLeft, double squaresKept) {
        this.numbers = numbers;
        this.scale = scale;
        this.length = (float) Math.sqrt(squares);
        this.left = (float) Math.sqrt(squaresLeft);
        this.kept = (float) Math.sqrt(squaresKept);
    }

    /** @param vector [dim] finite */
    static ByteVector of(float[] vector) {
        float largest = 0;
        for (float component : vector) {
            largest = Math.max(largest, Math.abs(component));
        }
        float scale = largest / LARGEST;
        short[] numbers = new short[evenWidth(vector.length)];
        double squares = 0;
        double squaresLeft = 0;
        double squaresKept = 0;
        for (int d = 0; d < vector.length; d++) {
            int nearest = scale == 0 ? 0 : Math.round(vector[d] / scale);
            numbers[d] = (short) Math.max(-LARGEST, Math.min(LARGEST, nearest));
            double rounded = (double) scale * numbers[d];
            squares += (double) vector[d] * vector[d];
            squaresLeft += (vector[d] - rounded) * (vector[d] - rounded);
            squaresKept += rounded * rounded;
        }
        return new ByteVector(numbers, scale, squares, squaresLeft, squaresKept);
    }

    /** Width of the numbers: even, as they are multiplied in pairs. */
    static int evenWidth(int dim) {
        return dim + dim % 2;
    }

    /** [evenWidth] a last one beyond the vector is 0 */
    short[] numbers() {
        return numbers;
    }

    /** The step between two numbers; 0 for a vector of zeros. */
    float scale() {
        return scale;
    }

    /** Length of what the numbers leave of the vector. */
    float left() {
        return left;
    }

    /** Length of the vector that the numbers say. */
    float kept() {
        return kept;
    }

    /**
     * Computes what the inner products of this vector and others lie between, as {@link InnerProduct} has them: none is larger than its {@code upper},
     * or smaller than that less two {@code slack}. Both are NaN or infinite where floats cannot hold them.
     *
     * @param products [count] inner products of the numbers of both
     * @param otherScales [count] of the other vectors, as the next two
     * @param count a multiple of {@value Loops#BYTE_BLOCK}
     * @param upper [count] filled
     * @param slack [count] filled
     */
    void bounds(
            int[] products,
            float[] otherScales,
            float[] otherLeft,
            float[] otherKept,
            int count,
            float[] upper,
            float[] slack) {
        // of a product in floats, of a sum of its many numbers, and of these bounds themselves: half a unit of the last
        // place each
        float rounding = (numbers.length / 8 + 16) * Math.ulp(1f) * length;
        Loops.now()
                .combine(
                        scale,
                        otherScales,
                        products,
                        length + rounding,
                        otherLeft,
                        left + rounding,
                        otherKept,
                        Float.MIN_NORMAL,
                        count,
                        upper,
                        slack);
    }
}
