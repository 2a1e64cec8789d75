package dev.millrace.index;

/**
 * A query in bytes: {@code q ≈ scale · numbers}, each number from −127 to 127.
 *
 * <p>For a vector {@code v ≈ s b}, of the same form, Cauchy and Schwarz bound its inner product:
 * {@code <q, v> ≤ scale · s · <numbers, b> + ‖q‖ ‖v − s b‖ + ‖q − scale · numbers‖ ‖s b‖}.
 */
final class ByteQuery {

    /** Largest number of a vector in bytes: two products of such numbers fit in 16 bits. */
    static final int LARGEST = 127;

    private final short[] numbers;
    private final float scale;
    private final float length;
    private final float residual;
    private final float rounding;

    private ByteQuery(short[] numbers, float scale, float length, float residual) {
        this.numbers = numbers;
        this.scale = scale;
        this.length = length;
        this.residual = residual;
        // of a product in floats, of a sum of its many numbers, and of this bound itself: half a unit of the last place
        // each
        this.rounding = (numbers.length / 8 + 16) * Math.ulp(1f) * length;
    }

    /** @param query [dim] finite */
    static ByteQuery of(float[] query) {
        float scale = scale(query);
        short[] numbers = new short[evenWidth(query.length)];
        double squares = 0;
        double residual = 0;
        for (int d = 0; d < query.length; d++) {
            numbers[d] = number(query[d], scale);
            double left = query[d] - (double) scale * numbers[d];
            squares += (double) query[d] * query[d];
            residual += left * left;
        }
        return new ByteQuery(numbers, scale, (float) Math.sqrt(squares), (float) Math.sqrt(residual));
    }

    /** Returns the step between two numbers of a vector in bytes; 0 for a vector of zeros. */
    static float scale(float[] vector) {
        float largest = 0;
        for (float component : vector) {
            largest = Math.max(largest, Math.abs(component));
        }
        return largest / LARGEST;
    }

    /** Returns the number nearest to a component; 0 if the step is 0. */
    static byte number(float component, float scale) {
        return scale == 0 ? 0 : (byte) Math.max(-LARGEST, Math.min(LARGEST, Math.round(component / scale)));
    }

    /** Width of the numbers: even, as they are multiplied in pairs. */
    static int evenWidth(int dim) {
        return dim + dim % 2;
    }

    /** [evenWidth] a last one beyond the vector is 0 */
    short[] numbers() {
        return numbers;
    }

    /**
     * Returns a number that no inner product with the vector is larger than, as {@link InnerProduct} computes it; NaN or infinite if floats
     * cannot hold it.
     *
     * @param sum inner product of the numbers
     * @param step of the vector
     * @param left length of what the vector's bytes leave of it
     * @param kept length of the vector that its bytes say
     */
    float bound(int sum, float step, float left, float kept) {
        return scale * step * sum + (length * left + residual * kept) + (rounding * (left + kept) + Float.MIN_NORMAL);
    }
}
