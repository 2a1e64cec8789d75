package dev.millrace.model.engine;

/**
 * The exponential in single precision, from additions and multiplications only: the same bits on any machine.
 *
 * <p>x = n ln 2 + r with |r| ≤ ln 2 / 2; e^r by the polynomial of Cephes (Moshier 1989), 2^n by adding n to the exponent
 * bits. There are two loops, each over arrays from their beginning, so that the compiler can vectorise the first.
 */
public final class Exponential {

    /** A smaller x counts as this. e^LOWEST is negligible beside a sum of at least 1, and later products stay normal numbers. */
    public static final float LOWEST = -64f;

    private static final float LOG2_E = 1.442695f;
    /** Adding 1.5 · 2^23 rounds to a whole number and leaves it in the lowest bits. */
    private static final float ROUND = 12582912f;
    /** ln 2 in two parts, so that n · LN2_HIGH is exact. */
    private static final float LN2_HIGH = 0.6933594f;

    private static final float LN2_LOW = -2.12194440e-4f;
    private static final int EXPONENT_SHIFT = 23;

    private Exponential() {}

    /**
     * Replaces each of the first {@code count} numbers by e^(number − max).
     *
     * @param max upper bound of the numbers
     * @param scratch [count] overwritten
     * @return sum of the results, added up in a fixed order
     */
    public static float replace(float[] numbers, int count, float max, float[] scratch) {
        for (int at = 0; at < count; at++) {
            float x = Math.max(numbers[at] - max, LOWEST);
            float rounded = x * LOG2_E + ROUND;
            float n = rounded - ROUND;
            float r = (x - n * LN2_HIGH) - n * LN2_LOW;
            float p = 0.00019875691f;
            p = p * r + 0.0013981999f;
            p = p * r + 0.008333452f;
            p = p * r + 0.041665796f;
            p = p * r + 0.16666666f;
            p = p * r + 0.5f;
            scratch[at] = rounded;
            numbers[at] = p * r * r + r + 1f;
        }
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int at = 0;
        for (; at + 4 <= count; at += 4) {
            numbers[at] = scaled(numbers[at], scratch[at]);
            s0 += numbers[at];
            numbers[at + 1] = scaled(numbers[at + 1], scratch[at + 1]);
            s1 += numbers[at + 1];
            numbers[at + 2] = scaled(numbers[at + 2], scratch[at + 2]);
            s2 += numbers[at + 2];
            numbers[at + 3] = scaled(numbers[at + 3], scratch[at + 3]);
            s3 += numbers[at + 3];
        }
        for (; at < count; at++) {
            numbers[at] = scaled(numbers[at], scratch[at]);
            s0 += numbers[at];
        }
        return (s0 + s1) + (s2 + s3);
    }

    private static float scaled(float p, float rounded) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(rounded) << EXPONENT_SHIFT));
    }
}
