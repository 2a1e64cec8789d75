package dev.millrace.stream;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Asks Kafka Streams for the commits of a processor, at the pace of its thread. Made in {@code init} of the processor.
 *
 * <p>Kafka commits all tasks of a thread when one of them asks.
 */
final class CommitRequests {

    private final ProcessorContext<?, ?> context;
    private final CommitPace pace;
    private Optional<Cancellable> waiting = Optional.empty(); // while a commit is not yet due
    private boolean isWanted;
    private boolean isInCommit;
    private long begunNanos;

    CommitRequests(ProcessorContext<?, ?> context, CommitPaces paces) {
        this.context = context;
        this.pace = paces.ofThisThread(context.appConfigs());
    }

    /** Asks for a commit of what the processor has done: now, or when the next one is due. */
    void whenDue() {
        isWanted = true;
        long left = pace.left(context.currentSystemTimeMs());
        if (left == 0) {
            context.commit();
        } else if (waiting.isEmpty()) {
            in(Duration.ofMillis(left), () -> {});
        }
    }

    /** Asks for a commit after a time, unless there is one before. */
    void in(Duration wait, Runnable before) {
        waiting = Optional.of(context.schedule(wait, PunctuationType.WALL_CLOCK_TIME, now -> {
            waitNoLonger();
            before.run();
            context.commit();
        }));
    }

    /** Says that a commit begins. */
    void begun() {
        waitNoLonger();
        isInCommit = isWanted;
        isWanted = false;
        if (isInCommit) {
            pace.begins(context.currentSystemTimeMs());
            begunNanos = System.nanoTime(); // the context's clock stands still meanwhile
        }
    }

    /** Says that the commit has ended. */
    void ended() {
        if (isInCommit) {
            isInCommit = false;
            pace.took(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos));
        }
    }

    private void waitNoLonger() {
        waiting.ifPresent(Cancellable::cancel);
        waiting = Optional.empty();
    }
}
