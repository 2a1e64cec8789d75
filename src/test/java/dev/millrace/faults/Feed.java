package dev.millrace.faults;

import dev.millrace.stream.EventProducer;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends a stream at a pace, on a thread of its own, whatever becomes of brokers and trainers meanwhile. */
final class Feed implements AutoCloseable {

    private final CompletableFuture<Void> done;
    private volatile boolean isStopped;
    private final AtomicInteger sent = new AtomicInteger();

    private Feed(EventProducer producer, SeededStream stream, int momentsPerSecond) {
        done = CompletableFuture.runAsync(
                () -> {
                    try (producer) {
                        send(producer, stream, momentsPerSecond);
                    }
                },
                runnable -> new Thread(runnable, "feed").start());
    }

    static Feed start(EventProducer producer, SeededStream stream, int momentsPerSecond) {
        return new Feed(producer, stream, momentsPerSecond);
    }

    /** Moments of the stream sent so far. */
    int sent() {
        return sent.get();
    }

    boolean isDone() {
        return done.isDone();
    }

    /** Waits until all was sent and the brokers have it; throws what went wrong. */
    void await() {
        done.join();
    }

    @Override
    public void close() {
        isStopped = true;
        done.exceptionally(failed -> null).join();
    }

    private void send(EventProducer producer, SeededStream stream, int momentsPerSecond) {
        InstantSource clock = InstantSource.system();
        SeededStream.Sink sink = SeededStream.Sink.to(producer);
        SeededStream.sendUsers(producer);
        long begun = System.nanoTime();
        while (sent.get() < stream.moments() && !isStopped) {
            long due = (System.nanoTime() - begun) / 1_000_000 * momentsPerSecond / 1000;
            while (sent.get() < Math.min(due, stream.moments())) {
                stream.emit(sent.getAndIncrement(), clock.millis(), sink);
            }
            pause();
        }
        producer.flush();
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(5);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
