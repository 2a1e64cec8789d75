package dev.millrace.serve;

import java.time.Duration;
import java.time.InstantSource;

/** How long one endpoint took to answer within the last minute. Safe for threads. */
final class RequestTimes {

    private static final double MICROS_A_SECOND = Duration.ofSeconds(1).toNanos() / 1e3;

    private final RecentDurations micros = new RecentDurations();
    private final InstantSource clock;

    RequestTimes(InstantSource clock) {
        this.clock = clock;
    }

    synchronized void took(long nanos) {
        micros.add(nanos / 1_000, clock.millis());
    }

    /**
     * What at least this share of the answers did not exceed, seconds; not a number if there were none.
     *
     * @param share in (0, 1]
     */
    synchronized double quantile(double share) {
        DurationCounts recent = micros.recent(clock.millis());
        return recent.total() == 0 ? Double.NaN : recent.quantile(share) / MICROS_A_SECOND;
    }
}
