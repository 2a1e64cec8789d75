package dev.millrace.serve;

import java.time.InstantSource;

/** The age of a publication, as answers give it. */
final class Age {

    private Age() {}

    /** @param publishedAt epoch milliseconds */
    static double seconds(long publishedAt, InstantSource clock) {
        return Math.max(0, clock.millis() - publishedAt) / 1_000.0;
    }
}
