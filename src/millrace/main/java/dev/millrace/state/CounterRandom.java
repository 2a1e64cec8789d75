package dev.millrace.state;

/**
 * Random numbers by counter: a pure function of seed, stream and slot, so that a draw does not depend on the number of
 * draws before it.
 *
 * <p>The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
 */
public final class CounterRandom {

    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private CounterRandom() {}

    /** Returns 64 random bits. */
    public static long bits(long seed, long stream, long slot) {
        return mix(mix(mix(seed + GOLDEN_GAMMA) ^ (stream + GOLDEN_GAMMA)) ^ (slot + GOLDEN_GAMMA));
    }

    /** Returns a uniform draw from 0 to bound - 1. The bias of the multiplication is below bound / 2^63. */
    public static int below(int bound, long seed, long stream, long slot) {
        return (int) Math.multiplyHigh(bits(seed, stream, slot) >>> 1, (long) bound << 1);
    }

    /** Returns a uniform draw from [0, 1). */
    public static double unit(long seed, long stream, long slot) {
        return (bits(seed, stream, slot) >>> 11) * 0x1p-53;
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }
}
