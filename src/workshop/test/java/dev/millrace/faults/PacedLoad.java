package dev.millrace.faults;

import dev.millrace.topic.EventProducer;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A stream that is sent at a pace, on a thread of its own, so that there is something to learn whatever happens meanwhile. */
final class PacedLoad implements AutoCloseable {

    private static final int PORTIONS_A_SECOND = 10;

    private final Experiment run;
    private final SeededStream stream;
    private final EventProducer producer;
    private final ScheduledExecutorService pace = Executors.newSingleThreadScheduledExecutor();
    private final Future<?> sending;
    private volatile int sent;

    private PacedLoad(Experiment run, SeededStream stream, int perSecond) {
        this.run = run;
        this.stream = stream;
        this.producer = run.producer();
        SeededStream.sendUsers(producer);
        sending = pace.scheduleAtFixedRate(
                () -> send(perSecond / PORTIONS_A_SECOND), 0, 1000 / PORTIONS_A_SECOND, TimeUnit.MILLISECONDS);
    }

    /** @param perSecond moments of the stream, an exposure each; their clicks come on top */
    static PacedLoad start(Experiment run, SeededStream stream, int perSecond) {
        PacedLoad load = new PacedLoad(run, stream, perSecond);
        run.note("load begins, " + perSecond + " exposures a second, and their clicks");
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
            stream.send(rest, sent, stream.moments());
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
        SeededStream.Sink now = SeededStream.Sink.to(producer, InstantSource.system());
        for (int moment = sent; moment < end; moment++) {
            stream.emit(moment, now);
        }
        producer.flush();
        sent = end;
    }
}
