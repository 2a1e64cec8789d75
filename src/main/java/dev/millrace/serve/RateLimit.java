package dev.millrace.serve;

import java.util.function.LongSupplier;

/** A token bucket: admits so many questions a second, and as many as of one second at once. Safe for any number of threads. */
public final class RateLimit {

    private static final double NANOS_A_SECOND = 1e9;

    private final int perSecond;
    private final LongSupplier nanoTime;
    private double tokens;
    private long filledAt;

    /**
     * @param perSecond 0 for no limit
     * @param nanoTime a clock that never goes back
     */
    public RateLimit(int perSecond, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        this.tokens = perSecond;
        this.filledAt = nanoTime.getAsLong();
    }

    /**
     * Returns true if so many questions may be answered now: all of them or none.
     *
     * <p>If the bucket is full, more questions than of one second are admitted at once. The questions after them wait for the bucket to
     * fill again.
     */
    public synchronized boolean admits(int questions) {
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
