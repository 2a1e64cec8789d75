package dev.millrace.stream;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.streams.StreamsConfig;

/**
 * When a thread commits next: an interval after its last commit began, or later if commits take much of its time.
 *
 * <p>What is worth a commit asks for it, so that what comes alone is committed at once. Kafka Streams' own timer does not know of these
 * commits, so at the same interval it would commit as often once more. It is slow therefore, and serves what did not ask.
 */
public final class CommitPace {

    /** Name under which an application's configuration holds the interval, a {@link Duration}. */
    public static final String INTERVAL = "millrace.commit-interval";

    /** Commits take at most one part in as many of the time, unless that needs more than {@link #LONGEST_INTERVALS}. */
    private static final int PARTS = 4;

    private static final int LONGEST_INTERVALS = 5;

    private final long interval; // milliseconds, as all here
    private final long longest;
    private long begunAt;
    private long dueAt;

    CommitPace(long interval, long longest) {
        this.interval = interval;
        this.longest = longest;
    }

    /** Returns the pace that an application's configuration asks for. */
    static CommitPace of(Map<String, Object> application) {
        long interval = interval(application).toMillis();
        return new CommitPace(interval, Math.min(timer(application), LONGEST_INTERVALS * interval));
    }

    /** Returns the interval between two commits that an application's configuration asks for. */
    static Duration interval(Map<String, Object> application) {
        return application.get(INTERVAL) instanceof Duration given ? given : Duration.ofMillis(timer(application));
    }

    private static long timer(Map<String, Object> application) {
        return Long.parseLong(String.valueOf(application.get(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG)));
    }

    /**
     * Returns how often Kafka Streams commits by itself.
     *
     * @param transaction time after which brokers end a transaction: commits must come well before
     */
    public static Duration timer(Duration interval, Duration transaction) {
        Duration safe = transaction.dividedBy(2);
        return safe.compareTo(interval) > 0 ? safe : interval;
    }

    /** Says that a commit of steps begins. */
    void begins(long now) {
        begunAt = now;
        dueAt = now + interval;
    }

    /** Says how long the commit took that began last. */
    void took(long millis) {
        dueAt = Math.max(dueAt, begunAt + Math.min(longest, PARTS * millis));
    }

    /** Returns the milliseconds until the next commit is due; none if it is due. */
    long left(long now) {
        return Math.max(0, dueAt - now);
    }
}
