package dev.millrace.stream;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** What is to happen when a process comes to a point for the n-th time: it ends, or waits there for a while. Safe for threads. */
final class Interruption {

    private final KillPoint point;
    private final AtomicInteger left;
    private final Duration wait;

    /** @param wait zero to end the process */
    Interruption(KillPoint point, int occurrence, Duration wait) {
        this.point = point;
        this.left = new AtomicInteger(occurrence);
        this.wait = wait;
    }

    void at(KillPoint reached) {
        at(reached, () -> {});
    }

    /** @param first done if this is where the process ends or waits */
    void at(KillPoint reached, Runnable first) {
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
