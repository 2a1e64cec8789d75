package dev.millrace.stream;

import dev.millrace.operation.Progress;
import dev.millrace.state.EntrySink;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.TopicReader.Extent;
import dev.millrace.topic.TopicSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * The changelog of a {@link WriteThroughStore}, whether its application runs or not. One thread.
 *
 * @param name of the topic
 */
public record Changelog(ClientSettings clients, TopicSettings topics, String name) {

    private static final int READINGS = 5;

    /** How long a reading waits for the next commit. */
    private static final Duration NEXT_COMMIT = Duration.ofSeconds(1);

    private static final Duration LOOK = Duration.ofMillis(20);

    /** That of the learner of an application, or of each of several. */
    public static Changelog of(ClientSettings clients, StreamSettings settings, Part part) {
        return new Changelog(clients, settings.topics(), StoredSettings.changelog(settings, part));
    }

    public boolean exists() {
        return cluster().ask(ClusterAdmin::topics).contains(name);
    }

    /** Returns the number of partitions, which is that of the application's tasks. */
    public int partitions() {
        try (TopicReader reader = new TopicReader(clients, TopicReader.PATIENCE)) {
            return reader.partitions(name);
        }
    }

    /**
     * Reads the entries of a task as of its last commit.
     *
     * <p>All that one commit wrote is one transaction, and the last stable offset is the end of one. While this reads, compaction may remove
     * an entry whose newer value lies behind that offset. The changelog is then read on from where reading stopped.
     *
     * @param into empty; filled with all but the store's own entries
     * @param isWhole whether what was read so far is all entries of one commit
     * @return false if it is not, however often it was read on
     */
    public boolean read(int partition, EntrySink into, BooleanSupplier isWhole, Progress progress) {
        try (TopicReader reader = new TopicReader(clients, TopicReader.PATIENCE)) {
            long first = reader.extents(name).get(partition).first();
            long from = first;
            for (int reading = 0; reading < READINGS; reading++) {
                long end = reading == 0 ? reader.committedEnd(name, partition) : nextEnd(reader, partition, from);
                reader.read(new Extent(name, partition, from, end), from, record -> {
                    if (!WriteThroughStore.isOwn(record.key())) {
                        record.value()
                                .ifPresentOrElse(
                                        value -> into.put(record.key(), value), () -> into.delete(record.key()));
                    }
                    progress.reached("read", record.offset() - first, end - first);
                    return true;
                });
                progress.reached("read", end - first, end - first); // the last offset is the mark of a transaction
                if (isWhole.getAsBoolean()) {
                    return true;
                }
                from = end;
            }
        }
        return false;
    }

    /** Waits for a commit past an offset, for at most {@link #NEXT_COMMIT}. */
    private long nextEnd(TopicReader reader, int partition, long from) {
        long deadline = System.nanoTime() + NEXT_COMMIT.toNanos();
        long end = reader.committedEnd(name, partition);
        while (end <= from && System.nanoTime() < deadline) {
            ClusterAdmin.pause(LOOK);
            end = reader.committedEnd(name, partition);
        }
        return end;
    }

    /** Returns true if no task has committed an entry. */
    public boolean isEmpty() {
        return emptyPartitions().size() == partitions();
    }

    /** Returns the tasks that have committed no entry. */
    public Set<Integer> emptyPartitions() {
        try (TopicReader reader = new TopicReader(clients, TopicReader.PATIENCE)) {
            return reader.extents(name).stream()
                    .filter(all -> reader.firstFrom(all, all.first()).isEmpty())
                    .map(Extent::partition)
                    .collect(Collectors.toSet());
        }
    }

    /**
     * Makes it as Kafka Streams would, or adds partitions; what is there stays.
     *
     * @param more configuration of the topic beside that of all changelogs
     */
    public void create(int partitions, Map<String, String> more) {
        Optional<Short> replicas = Optional.of(
                        Optional.ofNullable(clients.properties().get("replication.factor"))
                                .map(Short::valueOf)
                                .orElse((short) topics.replicas()))
                .filter(number -> number > 0);
        Map<String, String> configs = new HashMap<>(topics.compaction());
        configs.putAll(Map.of("cleanup.policy", "compact", "message.timestamp.type", "CreateTime"));
        configs.putAll(more);
        NewTopic topic = new NewTopic(name, Optional.of(partitions), replicas).configs(configs);
        cluster().ask(admin -> {
            boolean isNew = ClusterAdmin.isCreated(
                    name, admin.createTopics(List.of(topic)).all());
            if (!isNew) { // else a broker may not know it yet
                ClusterAdmin.grow(admin, List.of(name), partitions);
            }
            return isNew;
        });
    }

    private ClusterAdmin cluster() {
        return new ClusterAdmin(clients, TopicReader.PATIENCE);
    }
}
