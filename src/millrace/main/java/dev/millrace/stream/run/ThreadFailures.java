package dev.millrace.stream.run;

import dev.millrace.topic.fault.Causes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows when a stream thread fails: the thread is replaced after a pause, replaced a few times, or its application stops
 * ({@link FailureKind}). One for all applications of a process. Safe for threads.
 */
final class ThreadFailures {

    private static final Logger LOG = LoggerFactory.getLogger(StreamRunner.class);
    private static final int REPLACEMENTS = 10;
    private static final Duration REPLACEMENT_WINDOW = Duration.ofMinutes(10);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final StateHome home;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> stopped = new AtomicReference<>();
    private final Deque<Long> replacements = new ArrayDeque<>();
    private int failuresInARow;
    private long lastFailureNanos;

    /** @param home of local state, which failures can be about */
    ThreadFailures(StateHome home) {
        this.home = home;
    }

    /** What stopped an application; absent while none was. */
    Optional<Throwable> stopped() {
        return Optional.ofNullable(stopped.get());
    }

    /** Ends all pauses: the process is about to stop. */
    void close() {
        closing.countDown();
    }

    /**
     * Decides what follows, on the thread that failed; it may wait.
     *
     * @param losses what the application has lost, as far as the cluster shows it
     */
    StreamThreadExceptionResponse respond(String application, Throwable thrown, Supplier<List<String>> losses) {
        return switch (FailureKind.of(thrown)) {
            case CLUSTER -> replaceLater(application, "The cluster does not answer as it should: " + root(thrown));
            case DISK_FULL ->
                replaceLater(
                        application,
                        "The disk of local state is full: " + home.usableBytes() + " bytes free at "
                                + home.directory().toAbsolutePath() + ": " + root(thrown));
            case REGISTRY -> {
                if (!mayReplace(System.nanoTime())) {
                    yield stop(application, thrown, true);
                }
                LOG.atWarn()
                        .addKeyValue("application", application)
                        .setCause(thrown)
                        .log("A thread failed and is replaced");
                yield StreamThreadExceptionResponse.REPLACE_THREAD;
            }
            case TOPIC_MISSING ->
                mayReplace(System.nanoTime())
                        ? replaceLater(
                                application,
                                "The brokers do not know a topic, as one that has just started may not: "
                                        + root(thrown))
                        : stop(application, thrown, true);
            case OFFSET_LOST -> stop(application, new LostContinuityException(lost(losses, thrown)), false);
            case STATE_UNWRITABLE ->
                stop(application, new UnusableStateException(home.directory(), root(thrown), thrown), false);
            case STATE_DAMAGED ->
                stop(
                        application,
                        new IllegalStateException(
                                "local state under " + home.directory().toAbsolutePath() + " is damaged: "
                                        + root(thrown)
                                        + "; the next start removes it and restores it from its changelog",
                                thrown),
                        false);
            case UNDECIDED, OTHER_SETTINGS -> stop(application, cause(thrown), false);
            case DEFECT -> stop(application, thrown, true);
        };
    }

    /** Replaces the thread after a pause that grows: what is waited for may take long, and each attempt costs. */
    private StreamThreadExceptionResponse replaceLater(String application, String why) {
        Duration pause = nextPause(System.nanoTime());
        LOG.atWarn()
                .addKeyValue("application", application)
                .log(application + ": " + why + "; goes on in " + pause.toMillis() + " ms");
        try {
            closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    private synchronized Duration nextPause(long now) {
        if (now - lastFailureNanos > QUIET.toNanos()) {
            failuresInARow = 0;
        }
        lastFailureNanos = now;
        long millis = FIRST_PAUSE.toMillis() << Math.min(failuresInARow++, 10);
        return Duration.ofMillis(Math.min(millis, LONGEST_PAUSE.toMillis()));
    }

    private StreamThreadExceptionResponse stop(String application, Throwable why, boolean isTraced) {
        stopped.compareAndSet(null, why);
        LOG.atError()
                .addKeyValue("application", application)
                .setCause(isTraced ? why : null)
                .log(application + " stops: " + why.getMessage());
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }

    /** What was lost, as the cluster shows it, or as Kafka says it. */
    private static List<String> lost(Supplier<List<String>> losses, Throwable thrown) {
        try {
            List<String> shown = losses.get();
            if (!shown.isEmpty()) {
                return shown;
            }
        } catch (RuntimeException noAnswer) {
            LOG.atDebug().setCause(noAnswer).log("Could not ask the cluster what is missing");
        }
        return List.of(root(thrown));
    }

    private static String root(Throwable thrown) {
        Throwable last = cause(thrown);
        return last.getClass().getSimpleName() + ": " + last.getMessage();
    }

    private static Throwable cause(Throwable thrown) {
        return Causes.of(thrown).reduce(thrown, (above, below) -> below);
    }

    /** At most {@link #REPLACEMENTS} within {@link #REPLACEMENT_WINDOW}, over all applications. */
    private synchronized boolean mayReplace(long now) {
        while (!replacements.isEmpty() && now - replacements.peekFirst() > REPLACEMENT_WINDOW.toNanos()) {
            replacements.removeFirst();
        }
        replacements.addLast(now);
        return replacements.size() <= REPLACEMENTS;
    }
}
