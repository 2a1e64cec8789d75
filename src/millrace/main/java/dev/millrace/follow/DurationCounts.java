package dev.millrace.follow;

/**
 * A histogram of durations in bins of at most 1/64 relative width, from which quantiles are read. The owner chooses the unit.
 *
 * <p>A bin is 1 wide below 128; above, each doubling has 64 bins. Not safe for threads.
 */
public final class DurationCounts {

    private static final int BITS = 6;
    private static final int BINS_A_DOUBLING = 1 << BITS;
    private static final long LONGEST = (1L << 40) - 1;

    private final long[] counts = new long[bin(LONGEST) + 1];
    private long total;

    void add(long duration) {
        counts[bin(Math.min(Math.max(duration, 0), LONGEST))]++;
        total++;
    }

    void addAll(DurationCounts other) {
        for (int at = 0; at < counts.length; at++) {
            counts[at] += other.counts[at];
        }
        total += other.total;
    }

    public long total() {
        return total;
    }

    /**
     * The smallest bin edge that at least this share of the durations does not exceed; 0 if there are no durations.
     *
     * @param share in (0, 1]
     */
    public long quantile(double share) {
        long wanted = Math.max(1, (long) Math.ceil(share * total));
        long seen = 0;
        for (int at = 0; at < counts.length; at++) {
            seen += counts[at];
            if (seen >= wanted) {
                return upperEdge(at);
            }
        }
        return 0;
    }

    private static int bin(long duration) {
        int doubling = Math.max(0, 63 - Long.numberOfLeadingZeros(duration | 1) - BITS);
        return (doubling << BITS) + (int) (duration >>> doubling);
    }

    private static long upperEdge(int bin) {
        if (bin < 2 * BINS_A_DOUBLING) {
            return bin;
        }
        int doubling = (bin >> BITS) - 1;
        long mantissa = bin - ((long) doubling << BITS);
        return ((mantissa + 1) << doubling) - 1;
    }
}
