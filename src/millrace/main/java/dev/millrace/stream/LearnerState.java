package dev.millrace.stream;

import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Frame;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.TopicReader.Extent;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.topic.transaction.SettledProducer;
import dev.millrace.topic.transaction.Transactions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.processor.internals.ProcessorMetadata;
import org.apache.kafka.streams.processor.internals.TopicPartitionMetadata;

/**
 * The learner of an application as the cluster keeps it: the changelog of its store, and where its group stands in the log. One thread.
 */
public final class LearnerState {

    private static final String APPLICATION_ID = "stream.application-id";
    private static final int READINGS = 5;

    /** How long a reading waits for the next commit. */
    private static final Duration NEXT_COMMIT = Duration.ofSeconds(1);

    private static final Duration LOOK = Duration.ofMillis(20);

    /** The longest that brokers allow unless they are told otherwise. */
    private static final Duration LONGEST_TRANSACTION = Duration.ofMinutes(15);

    private static final long UNKNOWN_TIME = -1;
    private static final int NO_GENERATION = -1;

    private final ClientSettings clients;
    private final StreamSettings settings;
    private final Part part;
    private final String application;
    private final String changelog;
    private final ClusterAdmin cluster;
    private Progress progress = Progress.NONE;

    public LearnerState(ClientSettings clients, StreamSettings settings, Part part) {
        this.clients = clients;
        this.settings = settings;
        this.part = part;
        this.application = settings.applicationId(part);
        this.changelog = MillraceTopology.changelog(application, MillraceTopology.LEARNER_STORE);
        this.cluster = new ClusterAdmin(clients, TopicReader.PATIENCE);
    }

    /** Tells somebody how much of the changelog was read, or how many entries were sent to it. */
    public LearnerState followedBy(Progress follower) {
        progress = follower;
        return this;
    }

    /** The application's id, which is its group's name too. */
    public String application() {
        return application;
    }

    /** The settings that the learner was begun with. */
    public KeptSettings kept() {
        return StoredSettings.of(clients, settings, part, TopicReader.PATIENCE);
    }

    /**
     * Reads the learner's entries as of its last commit, whether it runs or not.
     *
     * <p>All that one commit wrote is one transaction, and the last stable offset is the end of one. While this reads, compaction may remove
     * an entry whose newer value lies behind that offset. The changelog is then read on from where reading stopped.
     *
     * @param into empty; filled with all but the store's own entries
     * @param isWhole whether what was read so far is all entries of one commit
     * @return false if it is not, however often it was read on
     * @throws UnusableTopicException if there is no such application
     */
    public boolean read(EntrySink into, BooleanSupplier isWhole) {
        if (!cluster.ask(ClusterAdmin::topics).contains(changelog)) {
            throw new UnusableTopicException(List.of("there is no learner of application " + application
                    + ": its changelog " + changelog + " is missing; name the " + APPLICATION_ID
                    + " it was started with, and --from mini-batches if it learns from the log"));
        }
        try (TopicReader reader = new TopicReader(clients, TopicReader.PATIENCE)) {
            long first = reader.extents(changelog).get(0).first();
            long from = first;
            for (int reading = 0; reading < READINGS; reading++) {
                long end = reading == 0 ? reader.committedEnd(changelog, 0) : nextEnd(reader, from);
                reader.read(new Extent(changelog, 0, from, end), from, record -> {
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
    private long nextEnd(TopicReader reader, long from) {
        long deadline = System.nanoTime() + NEXT_COMMIT.toNanos();
        long end = reader.committedEnd(changelog, 0);
        while (end <= from && System.nanoTime() < deadline) {
            ClusterAdmin.pause(LOOK);
            end = reader.committedEnd(changelog, 0);
        }
        return end;
    }

    /**
     * Begins an application that never existed: with these entries, at that offset of its input. If this fails, nothing is left that a
     * trainer would start from.
     *
     * @param kept settings that the entries depend on
     * @param input topic that it learns from
     * @param offset of the next record that it learns
     * @throws InvalidSettingsException if there is anything of that application in the cluster or in the state directory
     */
    public void begin(EntrySource entries, KeptSettings kept, String input, long offset) {
        requireNoLocalState();
        if (!cluster.ask(admin -> ClusterAdmin.committed(admin, application)).isEmpty()) {
            throw taken("its group " + application + " has offsets");
        }
        createChangelog();
        TopicPartition partition = new TopicPartition(input, 0);
        try (Transactions transactions = new Transactions(clients, TopicReader.PATIENCE);
                Producer<byte[], byte[]> producer = producer(transactions)) {
            producer.initTransactions(); // ends that of an import that did not come to its end
            requireNoEntries();
            producer.beginTransaction();
            WriteThroughStore.settingEntries(kept)
                    .forEach((key, value) -> send(producer, key, value)); // first, as a start reads them
            AtomicLong sent = new AtomicLong();
            entries.scan(new byte[0], (key, value) -> {
                send(producer, key, value);
                progress.reached("sent", sent.incrementAndGet(), Progress.UNKNOWN);
                return true;
            });
            send(
                    producer,
                    WriteThroughStore.positionKey(partition.toString()),
                    Frame.seal(Frame.allocate(Long.BYTES).putLong(offset)));
            // with metadata it is an offset that was reached: a start then demands that the changelog is there
            String reached = new TopicPartitionMetadata(UNKNOWN_TIME, new ProcessorMetadata()).encode();
            producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(offset, reached)), outside());
            producer.commitTransaction();
        } catch (CommitFailedException inUse) {
            throw taken("its group " + application + " has members");
        } catch (KafkaException failed) {
            throw new IllegalStateException(
                    "the entries of " + application + " were not written, and nothing of them will be seen: "
                            + failed.getMessage(),
                    failed);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the transaction fails with it
    private void send(Producer<byte[], byte[]> producer, byte[] key, byte[] value) {
        producer.send(new ProducerRecord<>(changelog, 0, key, value));
    }

    private void requireNoLocalState() {
        Path local = settings.stateDirectory().resolve(application);
        if (!Files.isDirectory(local)) {
            return;
        }
        try (Stream<Path> found = Files.list(local)) {
            if (found.anyMatch(Files::isDirectory)) { // a task's; a start that was refused leaves files alone
                throw taken("it has state in " + local);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("reading " + local, unreadable);
        }
    }

    /** Entries of an import that did not end are not committed, and do not count. */
    private void requireNoEntries() {
        try (TopicReader reader = new TopicReader(clients, TopicReader.PATIENCE)) {
            Extent all = reader.extents(changelog).get(0);
            if (reader.firstFrom(all, all.first()).isPresent()) {
                throw taken("its changelog " + changelog + " has entries");
            }
        }
    }

    private InvalidSettingsException taken(String why) {
        return new InvalidSettingsException(List.of(new SettingFault(
                APPLICATION_ID, settings.applicationId(), "must be one that no trainer ever had: " + why)));
    }

    /** Makes the changelog as Kafka Streams would; one that is there stays. */
    private void createChangelog() {
        Optional<Short> replicas = Optional.of(
                        Optional.ofNullable(clients.properties().get("replication.factor"))
                                .map(Short::valueOf)
                                .orElse((short) settings.topics().replicas()))
                .filter(number -> number > 0);
        Map<String, String> configs = new HashMap<>(settings.topics().compaction());
        configs.putAll(Map.of("cleanup.policy", "compact", "message.timestamp.type", "CreateTime"));
        NewTopic topic = new NewTopic(changelog, Optional.of(1), replicas).configs(configs);
        cluster.ask(admin -> ClusterAdmin.isCreated(
                changelog, admin.createTopics(List.of(topic)).all()));
    }

    /**
     * Returns a member of the group that the group does not have. If the group has any, brokers refuse its offsets; those of a client that names no
     * member they would take.
     */
    @SuppressWarnings("removal") // Kafka makes one for members alone
    private ConsumerGroupMetadata outside() {
        return new ConsumerGroupMetadata(application, NO_GENERATION, "outside", Optional.empty());
    }

    private Producer<byte[], byte[]> producer(Transactions transactions) {
        Map<String, Object> config = new HashMap<>(clients.asMap());
        config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.topics().maxMessageBytes());
        config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) LONGEST_TRANSACTION.toMillis());
        String id = application + "-import";
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
        Producer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        return settings.isSettling()
                ? new SettledProducer<>(
                        producer, transactions, id, () -> transactions.written(Set.of(), Set.of(application)))
                : producer;
    }
}
