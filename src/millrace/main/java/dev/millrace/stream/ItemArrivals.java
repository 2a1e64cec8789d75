package dev.millrace.stream;

import dev.millrace.train.Trainer;
import java.time.Duration;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Moves a learner's clock on with the wall clock while its stream is live, so that announced items come at their time even if nobody
 * clicks.
 *
 * <p>A stream is live while its event time is near to the wall clock, so not in a backlog or in a replay of an old log. While no examples
 * come, it stays what it was at the last one. A stream that never had any is live after {@link #QUIET}. After a start, one that had is
 * given {@link #QUIET_START}, as there may be a backlog that is not read yet.
 */
final class ItemArrivals {

    /** Of the event time behind the wall clock. */
    private static final Duration NEAR = Duration.ofMinutes(1);

    private static final Duration QUIET = Duration.ofSeconds(5);

    /** Before the first example after a start. */
    private static final Duration QUIET_START = Duration.ofMinutes(1);

    private final ProcessorContext<?, ?> context;
    private final CommitRequests.Wait wait;
    private boolean isLive;
    private boolean isHeard; // since the start
    private long awaited; // wall clock, of a wait that is on
    private long exampleAt; // wall clock; that of the start before the first one

    ItemArrivals(ProcessorContext<?, ?> context) {
        this.context = context;
        this.wait = new CommitRequests.Wait(context);
        this.exampleAt = context.currentSystemTimeMs();
    }

    /** Looks at the clock after an example was added. */
    void heard(Trainer trainer) {
        isHeard = true;
        exampleAt = context.currentSystemTimeMs();
        isLive = exampleAt - trainer.clock() <= NEAR.toMillis();
        follow(trainer);
    }

    /** Moves the clock on, if the stream is live. */
    void follow(Trainer trainer) {
        long now = context.currentSystemTimeMs();
        boolean neverHeard = trainer.clock() == 0;
        Duration quiet = isHeard || neverHeard ? QUIET : QUIET_START;
        if (now - exampleAt >= quiet.toMillis() && (neverHeard || trainer.isOnTime())) {
            isLive = true;
        }
        if (isLive) {
            trainer.reach(now);
        }
    }

    /** Calls back soon: what a start restores may have items that wait. */
    void begin(Runnable then) {
        await(QUIET.toMillis(), then);
    }

    /** Calls back when the next announced item may come. */
    void await(Trainer trainer, Runnable then) {
        trainer.nextAnnounced().ifPresent(next -> {
            long ahead = isLive ? next - context.currentSystemTimeMs() : QUIET.toMillis();
            if (!wait.isOn() || context.currentSystemTimeMs() + ahead < awaited) {
                await(Math.min(Math.max(1, ahead), QUIET.toMillis()), then);
            }
        });
    }

    private void await(long millis, Runnable then) {
        awaited = context.currentSystemTimeMs() + millis;
        wait.begin(Duration.ofMillis(millis), then);
    }
}
