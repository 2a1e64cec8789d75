package dev.millrace.app;

import dev.millrace.replay.Pace;
import dev.millrace.replay.ReplayEvent;
import java.util.function.LongSupplier;

/** Delays each event until it is due by the {@link Pace}. One thread. */
final class Pacer {

    /** A shorter wait is skipped, and the next wait makes up for it. */
    private static final double SHORTEST_SLEEP_NANOS = 1e6;

    private final Pace pace;
    private final LongSupplier nanoClock;
    private final Sleeper sleeper;
    private long firstTime;
    private long startNanos;
    private long count;

    /** Lets time pass. */
    public interface Sleeper {
        void sleep(long nanos) throws InterruptedException;
    }

    /**
     * @param nanoClock as {@link System#nanoTime}
     */
    public Pacer(Pace pace, LongSupplier nanoClock, Sleeper sleeper) {
        this.pace = pace;
        this.nanoClock = nanoClock;
        this.sleeper = sleeper;
    }

    /** Returns a pacer that uses the clock of the machine. */
    public static Pacer real(Pace pace) {
        return new Pacer(pace, System::nanoTime, java.util.concurrent.TimeUnit.NANOSECONDS::sleep);
    }

    /** Waits until the event is due. A late event is not delayed, and does not delay the events after it. */
    public void await(ReplayEvent event) throws InterruptedException {
        if (count == 0) {
            firstTime = event.time();
            startNanos = nanoClock.getAsLong();
        }
        double due = pace.dueNanos(firstTime, event.time(), count++);
        double early = due - (nanoClock.getAsLong() - startNanos);
        if (early >= SHORTEST_SLEEP_NANOS) {
            sleeper.sleep((long) early);
        }
    }
}
