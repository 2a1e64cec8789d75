package dev.millrace.serve;

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

    private final DurationCounts all = new DurationCounts();
    private final RecentDurations lastMinute = new RecentDurations();

    /**
     * A click became visible.
     *
     * @param producedAt when it was sent, epoch milliseconds
     * @param now epoch milliseconds
     */
    synchronized void seen(long producedAt, long now) {
        long millis = Math.max(0, now - producedAt);
        all.add(millis);
        lastMinute.add(millis, now);
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
        return quantiles(lastMinute.recent(now));
    }

    private static Quantiles quantiles(DurationCounts counts) {
        return new Quantiles(counts.total(), counts.quantile(0.5), counts.quantile(0.99));
    }
}
