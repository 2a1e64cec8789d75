package dev.millrace.bench;

import java.io.IOException;
import java.time.Duration;

/** The time since a moment of {@link System#nanoTime}, and waiting for what takes time to become true. */
record Stopwatch(long startNanos) {

    private static final long LOOK_MILLIS = 10;

    /** What is waited for. */
    interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    static Stopwatch start() {
        return new Stopwatch(System.nanoTime());
    }

    double seconds() {
        return (System.nanoTime() - startNanos) / 1e9;
    }

    double millis() {
        return seconds() * 1e3;
    }

    /**
     * Waits until a condition holds.
     *
     * @param most since the start
     * @return whether it holds in time
     */
    boolean reaches(Duration most, Condition condition) throws IOException, InterruptedException {
        while (!condition.holds()) {
            if (millis() > most.toMillis()) {
                return false;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return true;
    }

    /**
     * Waits, from now on, until a condition holds.
     *
     * @param what is waited for, to name it
     * @throws IllegalStateException if it takes longer
     */
    static void await(Duration most, String what, Condition condition) throws IOException, InterruptedException {
        if (!start().reaches(most, condition)) {
            throw new IllegalStateException(what + " took longer than " + most.toSeconds() + " s");
        }
    }
}
