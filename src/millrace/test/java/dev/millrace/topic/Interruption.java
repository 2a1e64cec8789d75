package dev.millrace.topic;

import dev.millrace.stream.KillPoint;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** What is to happen when a process comes to a point for the n-th time: it ends, or waits there for a while. Safe for threads. */
public final class Interruption {

    private final KillPoint point;
    private final AtomicInteger left;
    private final Duration wait;

    /** @param wait zero to end the process */
    public Interruption(KillPoint point, int occurrence, Duration wait) {
        this.point = point;
        this.left = new AtomicInteger(occurrence);
        this.wait = wait;
    }

    public void at(KillPoint reached) {
        at(reached, () -> {});
    }

    /** @param first done if this is where the process ends or waits */
    public void at(KillPoint reached, Runnable first) {
        if (reached != point || left.decrementAndGet() != 0) {
            return;
        }
        first.run();
        if (wait.isZero()) {
            point.halt();
        }
        System.out.println("waiting at " + point);
        System.out.flush();
        try {
            Thread.sleep(wait.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
