package dev.millrace.stream;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.StreamsConfig;

/**
 * When a thread commits next: an interval after its last commit began, or later if commits take much of its time. A commit is of all
 * tasks of a thread, so they share one pace.
 *
 * <p>Between two commits the thread works for three times as long as the last one took, but no longer than five intervals. Without that
 * time, slow brokers would make each record a commit of its own.
 *
 * <p>What is worth a commit asks for one, so a record that comes alone is committed at once. Kafka Streams' own timer does not know of
 * these commits: at the same interval it would double them. So that timer is slow, and commits what did not ask.
 */
public final class CommitPace {

    /** Name under which an application's configuration holds the interval, a {@link Duration}. */
    public static final String INTERVAL = "millrace.commit-interval";

    private static final int TIMES_WORK = 3;
    private static final int LONGEST_INTERVALS = 5;
    private static final int TIMERS_A_TRANSACTION = 4;

    private final LongSupplier nanoClock;
    private final long intervalNanos;
    private final long longestNanos;
    private long sinceNanos; // when the last commit ended, or began if that is not known
    private long pauseNanos; // from then on; none before the first

    /**
     * @param interval between two commits
     * @param timer how often Kafka Streams commits by itself
     */
    CommitPace(Duration interval, Duration timer, LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        this.sinceNanos = nanoClock.getAsLong();
        this.intervalNanos = interval.toNanos();
        this.longestNanos = Math.min(LONGEST_INTERVALS * intervalNanos, timer.toNanos());
    }

    /** Returns the interval between two commits that an application's configuration asks for. */
    static Duration interval(Map<String, Object> application) {
        return application.get(INTERVAL) instanceof Duration given ? given : timer(application);
    }

    private static Duration timer(Map<String, Object> application) {
        return Duration.ofMillis(
                Long.parseLong(String.valueOf(application.get(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG))));
    }

    /**
     * Returns how often Kafka Streams is to commit by itself.
     *
     * @param transaction time after which brokers end a transaction: commits must come well before
     */
    public static Duration timer(Duration interval, Duration transaction) {
        Duration safe = transaction.dividedBy(TIMERS_A_TRANSACTION);
        return safe.compareTo(interval) > 0 ? safe : interval;
    }

    long now() {
        return nanoClock.getAsLong();
    }

    /** Says that a commit begins. Each task that has asked for it says so. */
    void begins() {
        sinceNanos = now();
        pauseNanos = 0;
    }

    /**
     * Says that the latest commit has ended. Of several tasks, the longest time counts.
     *
     * @param tookNanos how long it took; 0 if unknown
     */
    void ends(long tookNanos) {
        sinceNanos = now();
        long work = Math.min(longestNanos, TIMES_WORK * tookNanos);
        pauseNanos = Math.max(pauseNanos, Math.max(intervalNanos - tookNanos, work));
    }

    /** Returns how long the next commit must wait; zero if it is due. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, pauseNanos - (now() - sinceNanos)));
    }

    /** The paces of an application's threads. */
    static final class OfThreads {

        private final Map<Thread, CommitPace> paces = Collections.synchronizedMap(new WeakHashMap<>());

        /** Returns the pace of the calling thread. */
        CommitPace ofThisThread(Map<String, Object> application) {
            return paces.computeIfAbsent(
                    Thread.currentThread(),
                    thread -> new CommitPace(interval(application), timer(application), System::nanoTime));
        }
    }
}
