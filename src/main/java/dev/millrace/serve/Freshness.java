package dev.millrace.serve;

import java.time.Duration;

/**
 * How long clicks took to become visible: from when a click was sent to when a vector that has learnt from it answers.
 *
 * <p>Quantiles over the last minute and over everything. Safe for any number of threads.
 */
public final class Freshness {

    /**
     * Quantiles of some clicks.
     *
     * @param count of the clicks; the quantiles are 0 if there are none
     */
    public record Quantiles(long count, long p50Millis, long p99Millis) {}

    private static final int SLICES = 6;
    private static final long SLICE_MILLIS = Duration.ofSeconds(10).toMillis();

    private final DurationCounts all = new DurationCounts();
    private final DurationCounts[] slices = new DurationCounts[SLICES];
    private final long[] sliceNumbers = new long[SLICES];

    public Freshness() {
        for (int at = 0; at < SLICES; at++) {
            slices[at] = new DurationCounts();
        }
    }

    /**
     * A click became visible.
     *
     * @param producedAt when it was sent, epoch milliseconds
     * @param now epoch milliseconds
     */
    synchronized void seen(long producedAt, long now) {
        long millis = Math.max(0, now - producedAt);
        all.add(millis);
        long number = now / SLICE_MILLIS;
        int at = (int) (number % SLICES);
        if (sliceNumbers[at] != number) {
            sliceNumbers[at] = number;
            slices[at] = new DurationCounts();
        }
        slices[at].add(millis);
    }

    /** Of the clicks of the whole run. */
    public synchronized Quantiles overall() {
        return quantiles(all);
    }

    /**
     * Of the clicks that became visible within the last minute.
     *
     * @param now epoch milliseconds
     */
    public synchronized Quantiles recent(long now) {
        DurationCounts recent = new DurationCounts();
        long number = now / SLICE_MILLIS;
        for (int at = 0; at < SLICES; at++) {
            if (number - sliceNumbers[at] < SLICES) {
                recent.addAll(slices[at]);
            }
        }
        return quantiles(recent);
    }

    private static Quantiles quantiles(DurationCounts counts) {
        return new Quantiles(counts.total(), counts.quantileMillis(0.5), counts.quantileMillis(0.99));
    }
}
