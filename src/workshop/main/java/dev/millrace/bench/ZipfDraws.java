package dev.millrace.bench;

import dev.millrace.state.CounterRandom;

/**
 * Draws of ranks from 1 to n with a probability of 1 / rank over their sum, which is Zipf's law with exponent 1.
 *
 * <p>By rejection-inversion (Hörmann and Derflinger 1996), so that no table grows with n. A uniform draw from the integral of 1 / x
 * between 1/2 below a rank and 1/2 above it names the rank. It is accepted if it lies in the last 1 / rank of that interval. As 1 / x is
 * convex, each interval is at least that long. That of rank 1 is cut to exactly this length.
 */
final class ZipfDraws {

    private static final int ATTEMPTS = 6; // bits of a slot's number; one of ten attempts is rejected at most

    private static final long SPREAD = 2_654_435_761L; // a prime, so that multiples of it reach each number once

    private final int ranks;
    private final long seed;
    private final double low;
    private final double high;

    /** @param ranks n, from 1 */
    ZipfDraws(int ranks, long seed) {
        this.ranks = ranks;
        this.seed = seed;
        this.low = StrictMath.log(1.5) - 1;
        this.high = StrictMath.log(ranks + 0.5);
    }

    /** Returns the draw of a slot of a stream: the same rank each time. */
    int draw(long stream, long slot) {
        for (long attempt = slot << ATTEMPTS; ; attempt++) {
            double area = low + CounterRandom.unit(seed, stream, attempt) * (high - low);
            int rank = (int) Math.max(1, Math.min(ranks, StrictMath.round(StrictMath.exp(area))));
            if (area >= StrictMath.log(rank + 0.5) - 1.0 / rank) {
                return rank;
            }
        }
    }

    /** Returns a number from 0 to n - 1 for a rank, so that what is drawn most does not lie side by side. */
    static int spread(int rank, int n) {
        return (int) (rank * SPREAD % n);
    }
}
