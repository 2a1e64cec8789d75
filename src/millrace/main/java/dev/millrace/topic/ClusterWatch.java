package dev.millrace.topic;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the cluster at intervals for the lag of groups, and notes whether it answers.
 *
 * <p>A Streams application stays RUNNING while its brokers cannot be reached; only this shows it.
 */
public final class ClusterWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ClusterWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration SILENCE = Duration.ofSeconds(8);

    /** An idle group may be a few offsets behind for ever: the ends of transactions are offsets too. */
    private static final long FEWEST_WAITING = 100;

    private final ClusterAdmin cluster;
    private final SortedMap<String, String> groups;
    private final Runnable afterLook;
    private final Map<String, Long> behind = new ConcurrentHashMap<>();
    private final Map<String, Standstill> standstills = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::watch, "watch-cluster");
    private boolean isSilenceReported;
    private volatile long answeredNanos = System.nanoTime();

    /**
     * @param groups consumer groups, by the name that their lag is asked for by
     * @param afterLook runs on the watching thread after each answer
     */
    public ClusterWatch(ClientSettings clients, Map<String, String> groups, Runnable afterLook) {
        this.afterLook = afterLook;
        cluster = new ClusterAdmin(clients, PATIENCE);
        this.groups = new TreeMap<>(groups);
        thread.setDaemon(true);
    }

    public void start() {
        answeredNanos = System.nanoTime();
        thread.start();
    }

    /** Whether the cluster answered lately. */
    public boolean isAnswering() {
        return System.nanoTime() - answeredNanos < SILENCE.toNanos();
    }

    /** Records that are there and not committed as read, as last known. */
    public long lag(String name) {
        return behind.getOrDefault(name, 0L);
    }

    /** How long a group with records waiting has committed nothing new; zero while it goes on. */
    public Duration standstill(String name) {
        return Optional.ofNullable(standstills.get(name))
                .map(one -> Duration.ofNanos(System.nanoTime() - one.sinceNanos()))
                .orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        closing.countDown();
    }

    private void watch() {
        try (Admin admin = cluster.admin()) {
            while (!closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    admin.describeCluster().nodes().get(); // there may be no group to ask for
                    for (Map.Entry<String, String> group : groups.entrySet()) {
                        look(admin, group.getKey(), group.getValue());
                    }
                    answered();
                    afterLook.run();
                } catch (ExecutionException | KafkaException noAnswer) {
                    unanswered(noAnswer);
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void answered() {
        answeredNanos = System.nanoTime();
        if (isSilenceReported) {
            isSilenceReported = false;
            LOG.atInfo().log("Brokers answer again");
        }
    }

    /** Says once an outage that no broker answers. */
    private void unanswered(Exception noAnswer) {
        if (!isAnswering() && !isSilenceReported) {
            isSilenceReported = true;
            LOG.atWarn()
                    .addKeyValue("error", String.valueOf(noAnswer.getMessage()))
                    .log("No broker answers; the applications wait");
        }
    }

    /**
     * A group that has records waiting and commits nothing.
     *
     * @param read sum of the offsets that it has committed
     */
    private record Standstill(long read, long sinceNanos) {}

    private void look(Admin admin, String name, String group) throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> read = ClusterAdmin.committed(admin, group);
        long committed =
                read.values().stream().mapToLong(OffsetAndMetadata::offset).sum();
        long sum = 0;
        for (var end :
                ClusterAdmin.offsets(admin, read.keySet(), OffsetSpec.latest()).entrySet()) {
            OffsetAndMetadata reached = Objects.requireNonNull(read.get(end.getKey()));
            sum += Math.max(0, end.getValue() - reached.offset());
        }
        behind.put(name, sum);
        if (sum < FEWEST_WAITING) {
            standstills.remove(name);
            return;
        }
        standstills.compute(
                name,
                (key, before) -> before != null && before.read() == committed
                        ? before
                        : new Standstill(committed, System.nanoTime()));
    }
}
