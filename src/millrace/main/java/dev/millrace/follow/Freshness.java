package dev.millrace.follow;

/**
 * The time until a click is visible: from the moment it is sent until a vector that has learnt from it answers.
 *
 * <p>Quantiles over the last minute and over everything. Safe for any number of threads.
 */
public final class Freshness {

    /**
     * Quantiles over some clicks.
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

    /** Over all clicks of the run. */
    public synchronized Quantiles overall() {
        return quantiles(all);
    }

    /**
     * Over the clicks that became visible within the last minute.
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
