package dev.millrace.follow;

import java.time.Duration;

/** Durations of the last minute, in slices of ten seconds. The owner chooses the unit. Not safe for threads. */
public final class RecentDurations {

    private static final int SLICES = 6;
    private static final long SLICE_MILLIS = Duration.ofSeconds(10).toMillis();

    private final DurationCounts[] slices = new DurationCounts[SLICES];
    private final long[] sliceNumbers = new long[SLICES];

    public RecentDurations() {
        for (int at = 0; at < SLICES; at++) {
            slices[at] = new DurationCounts();
        }
    }

    /** @param now epoch milliseconds */
    public void add(long duration, long now) {
        long number = now / SLICE_MILLIS;
        int at = (int) (number % SLICES);
        if (sliceNumbers[at] != number) {
            sliceNumbers[at] = number;
            slices[at] = new DurationCounts();
        }
        slices[at].add(duration);
    }

    /** @param now epoch milliseconds */
    public DurationCounts recent(long now) {
        DurationCounts recent = new DurationCounts();
        long number = now / SLICE_MILLIS;
        for (int at = 0; at < SLICES; at++) {
            if (number - sliceNumbers[at] < SLICES) {
                recent.addAll(slices[at]);
            }
        }
        return recent;
    }
}
