package dev.millrace.stream;

import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Asks Kafka Streams for the commits of a processor, at the pace of its thread. Made in {@code init} of the processor, which gives it to
 * its {@link WriteThroughStore}: the store knows when a commit begins and ends.
 *
 * <p>Kafka commits all tasks of a thread when one of them asks.
 */
final class CommitRequests {

    private final ProcessorContext<?, ?> context;
    private final CommitPace pace;
    private final Wait wait; // while a commit is not yet due
    private boolean isWanted;
    private boolean isInCommit;
    private long begunNanos;

    CommitRequests(ProcessorContext<?, ?> context, CommitPace.OfThreads paces) {
        this(context, paces.ofThisThread(context.appConfigs()));
    }

    CommitRequests(ProcessorContext<?, ?> context, CommitPace pace) {
        this.context = context;
        this.pace = pace;
        this.wait = new Wait(context);
    }

    /** Asks for a commit of what the processor has done: now, or when the next one is due. */
    void whenDue() {
        if (isInCommit) { // nobody has told its end
            isInCommit = false;
            pace.ends(0);
        }
        isWanted = true;
        Duration left = pace.left();
        if (left.isZero()) {
            context.commit();
        } else if (!wait.isOn()) {
            after(left.plusMillis(1), () -> {}); // Kafka counts whole milliseconds
        }
    }

    /** Asks for a commit after a time, unless there is one before. */
    void after(Duration time, Runnable first) {
        wait.begin(time, () -> {
            first.run();
            context.commit();
        });
    }

    /** Says that a commit begins. */
    void begins() {
        wait.cancel();
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

    /** Runs something once on the task's thread when some time has passed, unless it is cancelled before. One wait at a time. */
    static final class Wait {

        private final ProcessorContext<?, ?> context;
        private Optional<Cancellable> scheduled = Optional.empty();

        Wait(ProcessorContext<?, ?> context) {
            this.context = context;
        }

        boolean isOn() {
            return scheduled.isPresent();
        }

        void begin(Duration time, Runnable then) {
            cancel();
            scheduled = Optional.of(context.schedule(time, PunctuationType.WALL_CLOCK_TIME, now -> {
                cancel(); // Kafka would repeat it
                then.run();
            }));
        }

        void cancel() {
            scheduled.ifPresent(Cancellable::cancel);
            scheduled = Optional.empty();
        }
    }
}
