package dev.millrace.serve;

import java.util.function.LongSupplier;

/** Lets so many questions a second through, and a second's worth at once (a token bucket). Safe for any number of threads. */
final class RateLimit {

    private static final double NANOS_A_SECOND = 1e9;

    private final int perSecond;
    private final LongSupplier nanoTime;
    private double tokens;
    private long filledAt;

    /**
     * @param perSecond 0 for no limit
     * @param nanoTime a clock that never goes back
     */
    RateLimit(int perSecond, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        this.tokens = perSecond;
        this.filledAt = nanoTime.getAsLong();
    }

    /**
     * Whether that many questions may be answered now; all of them or none. More than a second's worth at once is let through when the bucket is full,
     * and paid for by those that come after.
     */
    synchronized boolean admits(int questions) {
        if (perSecond == 0) {
            return true;
        }
        long now = nanoTime.getAsLong();
        tokens = Math.min(perSecond, tokens + (now - filledAt) / NANOS_A_SECOND * perSecond);
        filledAt = now;
        if (tokens < Math.min(questions, perSecond)) {
            return false;
        }
        tokens -= questions;
        return true;
    }
}
