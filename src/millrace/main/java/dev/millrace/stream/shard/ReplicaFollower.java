package dev.millrace.stream.shard;

import dev.millrace.merge.Replica;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.TopicFollower;
import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.TopicConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the changelog of the base's store, committed records only, into a replica. One a process, on threads of its own.
 *
 * <p>It reads all of it at each start, and begins when the base has made it. Compaction spares what is younger than an hour; a follower that was
 * not at the end for half of that fails, as entries may be gone before it read them.
 */
public final class ReplicaFollower implements AutoCloseable {

    /** Age from which compaction may remove an entry of the base's changelog. */
    static final Duration SPARED = Duration.ofHours(1);

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaFollower.class);
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final ClientSettings clients;
    private final String changelog;
    private final Replica replica;
    private final Pauses pauses;
    private final Thread thread;
    private volatile boolean isClosing;
    private volatile long upToDate = System.nanoTime();

    private ReplicaFollower(ClientSettings clients, String changelog, Replica replica, Pauses pauses) {
        this.clients = clients;
        this.changelog = changelog;
        this.replica = replica;
        this.pauses = pauses;
        thread = new Thread(this::run, "replica");
        thread.setDaemon(true);
    }

    /** What the changelog of the base has beside the configuration of all. */
    public static Map<String, String> configOfChangelog() {
        return Map.of(TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG, Long.toString(SPARED.toMillis()));
    }

    /**
     * Begins to follow.
     *
     * @param changelog name of the topic
     */
    public static ReplicaFollower start(ClientSettings clients, String changelog, Replica replica, Pauses pauses) {
        ReplicaFollower follower = new ReplicaFollower(clients, changelog, replica, pauses);
        follower.thread.start();
        return follower;
    }

    /** Returns how long ago the replica had all that the base had written; since the start, if it never had. */
    public Duration age() {
        return Duration.ofNanos(System.nanoTime() - upToDate);
    }

    @Override
    public void close() {
        isClosing = true;
        try {
            thread.join(2 * PATIENCE.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!isClosing && !replica.hasFailed()) {
                if (isThere()) {
                    try (TopicFollower follower = TopicFollower.start(clients, changelog, this::take)) {
                        follower.onceCaughtUp(this::caughtUp);
                        watch(follower);
                    }
                }
                Thread.sleep(LOOK.toMillis());
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failed) {
            fail(failed);
        }
    }

    /** The base makes it when it starts; a cluster that does not answer is asked again. */
    private boolean isThere() {
        try {
            return new ClusterAdmin(clients, PATIENCE).ask(ClusterAdmin::topics).contains(changelog);
        } catch (RuntimeException unanswered) {
            LOG.warn("The changelog of the base cannot be looked for: {}", unanswered.getMessage());
            return false;
        }
    }

    /** Returns when following has ended. It begins anew if that was before the replica was whole, as in an outage. */
    private void watch(TopicFollower follower) throws InterruptedException {
        long atTheEnd = System.nanoTime();
        while (!isClosing) {
            Thread.sleep(LOOK.toMillis());
            Optional<Throwable> failure = follower.failure();
            long now = System.nanoTime();
            if (replica.round() >= 0 && follower.lag() == 0) {
                upToDate = now;
            }
            atTheEnd = replica.round() < 0 ? now : Math.max(atTheEnd, upToDate);
            if (failure.isPresent() && replica.round() < 0 && !(failure.get() instanceof CorruptEntryException)) {
                LOG.warn("Reading the base begins again: {}", failure.get().getMessage());
                return;
            } else if (failure.isPresent()) {
                fail(failure.get());
                return;
            } else if (now - atTheEnd > SPARED.toNanos() / 2) {
                fail(new IllegalStateException("the replica has not come to the end of " + changelog + " for "
                        + SPARED.toMinutes() / 2 + " minutes: start again, to read it from its beginning"));
                return;
            }
        }
    }

    private void take(TopicRecord record) {
        long before = replica.round();
        replica.take(record.key(), record.value());
        if (replica.round() != before) {
            pauses.look();
        }
    }

    private void caughtUp() {
        replica.caughtUp();
        pauses.look();
    }

    private void fail(Throwable why) {
        LOG.atError().setCause(why).log("The base cannot be followed; its shards stop");
        replica.fail(why);
        pauses.look();
    }
}
