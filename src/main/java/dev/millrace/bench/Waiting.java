package dev.millrace.bench;

import java.io.IOException;
import java.time.Duration;

/** Waiting for what takes time to become true. */
final class Waiting {

    private static final Duration LOOK = Duration.ofMillis(20);

    private Waiting() {}

    /** Something that takes time to become true. */
    interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    /**
     * Returns once a condition holds.
     *
     * @param what is waited for, to name it
     * @throws IllegalStateException if it takes longer than so long
     */
    static void until(Duration most, String what, Condition condition) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(what + " took longer than " + most.toSeconds() + " s");
            }
            Thread.sleep(LOOK.toMillis());
        }
    }
}
