package dev.millrace.faults;

import dev.millrace.topic.EventProducer;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A stream that is sent at a pace, on a thread of its own, so that there is something to learn whatever happens meanwhile. */
final class PacedLoad implements AutoCloseable {

    private static final int PORTIONS_A_SECOND = 10;
    private static final int MOMENTS_A_SECOND = 150;

    private final Experiment run;
    private final SeededStream stream;
    private final EventProducer producer;
    private final ScheduledExecutorService pace = Executors.newSingleThreadScheduledExecutor();
    private final Future<?> sending;
    private volatile int sent;

    private PacedLoad(Experiment run, SeededStream stream) {
        this.run = run;
        this.stream = stream;
        this.producer = run.producer();
        stream.part(0, 0).sendAll(producer);
        sending = pace.scheduleAtFixedRate(
                () -> send(MOMENTS_A_SECOND / PORTIONS_A_SECOND), 0, 1000 / PORTIONS_A_SECOND, TimeUnit.MILLISECONDS);
    }

    /** The moments of the stream, an exposure each; their clicks come on top. */
    static PacedLoad start(Experiment run, SeededStream stream) {
        PacedLoad load = new PacedLoad(run, stream);
        run.note("load begins, " + MOMENTS_A_SECOND + " exposures a second, and their clicks");
        return load;
    }

    /** Whether all was sent. */
    boolean isDone() {
        return sent == stream.moments();
    }

    /** Sends what is left at once. */
    void finish() throws Exception {
        if (sending.isDone()) {
            sending.get(); // throws what ended it
        }
        close();
        try (EventProducer rest = run.producer()) {
            run.note("load ends, " + sent + " moments were sent at their pace, the other " + (stream.moments() - sent)
                    + " at once");
            stream.part(sent, stream.moments()).sendAll(rest);
        }
    }

    @Override
    public void close() throws InterruptedException {
        pace.shutdown();
        if (pace.awaitTermination(1, TimeUnit.MINUTES)) {
            producer.close();
        }
    }

    private void send(int moments) {
        int end = Math.min(stream.moments(), sent + moments);
        long now = System.currentTimeMillis(); // so that freshness can be told
        for (int moment = sent; moment < end; moment++) {
            stream.emit(moment, 1, now, event -> Input.send(producer, event));
        }
        producer.flush();
        sent = end;
    }
}
