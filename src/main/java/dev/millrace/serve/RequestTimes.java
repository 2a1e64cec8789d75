package dev.millrace.serve;

import dev.millrace.follow.DurationCounts;
import dev.millrace.follow.RecentDurations;
import java.time.Duration;
import java.time.InstantSource;

/** Times to answer of one endpoint within the last minute. Safe for threads. */
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
     * The time that at least this share of the answers did not exceed, seconds; NaN if there were none.
     *
     * @param share in (0, 1]
     */
    synchronized double quantile(double share) {
        DurationCounts recent = micros.recent(clock.millis());
        return recent.total() == 0 ? Double.NaN : recent.quantile(share) / MICROS_A_SECOND;
    }
}
