package dev.millrace.stream;

import java.time.Duration;
import java.util.Optional;
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
        this(context, paces.ofThisThread(context.appConfigs()));
    }

    CommitRequests(ProcessorContext<?, ?> context, CommitPace pace) {
        this.context = context;
        this.pace = pace;
    }

    /** Asks for a commit of what the processor has done: now, or when the next one is due. */
    void whenDue() {
        if (isInCommit) { // its end was not told
            isInCommit = false;
            pace.ends(0);
        }
        isWanted = true;
        Duration left = pace.left();
        if (left.isZero()) {
            context.commit();
        } else if (waiting.isEmpty()) {
            after(left.plusMillis(1), () -> {}); // Kafka counts whole milliseconds
        }
    }

    /** Asks for a commit after a time, unless there is one before. */
    void after(Duration wait, Runnable first) {
        waiting = Optional.of(context.schedule(wait, PunctuationType.WALL_CLOCK_TIME, now -> {
            waitNoLonger();
            first.run();
            context.commit();
        }));
    }

    /** Says that a commit begins. */
    void begins() {
        waitNoLonger();
        isInCommit = isWanted;
        isWanted = false;
        if (isInCommit) {
            begunNanos = pace.now();
            pace.begins();
        }
    }

    /** Says that the commit has ended. */
    void ends() {
        if (isInCommit) {
            isInCommit = false;
            pace.ends(pace.now() - begunNanos);
        }
    }

    private void waitNoLonger() {
        waiting.ifPresent(Cancellable::cancel);
        waiting = Optional.empty();
    }
}
