package dev.millrace.ingest;

import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.topic.EventDelivery.UndeliveredException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Brokers that acknowledge events, or not, as a test says. */
final class FakeBrokers implements IngestServer.Brokers {

    private final List<Event> delivered = new CopyOnWriteArrayList<>();
    private final CountDownLatch asked = new CountDownLatch(1);
    private volatile CountDownLatch held = new CountDownLatch(0);
    private volatile boolean areAnswering = true;
    private volatile boolean areTaking = true;
    private volatile boolean areBroken;

    List<Event> delivered() {
        return delivered;
    }

    /** From now on they do not answer. */
    void silence() {
        areAnswering = false;
    }

    /** From now on they answer, and acknowledge nothing in time. */
    void refuse() {
        areTaking = false;
    }

    /** From now on delivering fails with a defect. */
    void breakDown() {
        areBroken = true;
    }

    /** From now on they acknowledge nothing until {@link #release}. */
    void hold() {
        held = new CountDownLatch(1);
    }

    void release() {
        held.countDown();
    }

    /** Waits until events have come. */
    void awaitEvents() throws InterruptedException {
        asked.await();
    }

    @Override
    public void deliver(List<Event> events) throws UndeliveredException {
        asked.countDown();
        if (areBroken) {
            throw new IllegalStateException("the brokers are broken");
        }
        if (!areTaking) {
            throw new UndeliveredException("no acknowledgement within 10000 ms", new IllegalStateException());
        }
        try {
            held.await();
        } catch (InterruptedException interrupted) {
            throw new UndeliveredException("interrupted", interrupted);
        }
        delivered.addAll(events);
    }

    @Override
    public boolean areAnswering() {
        return areAnswering;
    }

    @Override
    public long waitingBytes() {
        return 77;
    }
}
