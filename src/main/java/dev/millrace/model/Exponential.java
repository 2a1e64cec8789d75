package dev.millrace.model;

/**
 * The exponential in single precision, from additions and multiplications only: the same bits on any machine.
 *
 * <p>x = n ln 2 + r with |r| ≤ ln 2 / 2; e^r by the polynomial of Cephes (Moshier 1989), 2^n through the exponent bits.
 */
final class Exponential {

    private static final float LOG2_E = 1.442695f;
    /** Adding and subtracting 1.5 · 2^23 rounds to the nearest whole number. */
    private static final float ROUND = 12582912f;
    /** ln 2 in two parts, so that n · LN2_HIGH is exact. */
    private static final float LN2_HIGH = 0.6933594f;

    private static final float LN2_LOW = -2.12194440e-4f;
    /** Below, the result is smaller than any normal number and is taken as zero. */
    private static final float LOWEST = -87f;

    private static final float HIGHEST = 88f;

    private Exponential() {}

    static float of(float x) {
        if (x < LOWEST) {
            return 0f;
        }
        if (x > HIGHEST) {
            return Float.POSITIVE_INFINITY;
        }
        float n = (x * LOG2_E + ROUND) - ROUND;
        float r = (x - n * LN2_HIGH) - n * LN2_LOW;
        float p = 0.00019875691f;
        p = p * r + 0.0013981999f;
        p = p * r + 0.008333452f;
        p = p * r + 0.041665796f;
        p = p * r + 0.16666666f;
        p = p * r + 0.5f;
        p = p * r * r + r + 1f;
        return p * Float.intBitsToFloat(((int) n + 127) << 23);
    }
}
