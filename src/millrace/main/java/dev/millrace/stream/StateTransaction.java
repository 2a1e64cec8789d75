package dev.millrace.stream;

import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Frame;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.transaction.SettledProducer;
import dev.millrace.topic.transaction.Transactions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.processor.internals.ProcessorMetadata;
import org.apache.kafka.streams.processor.internals.TopicPartitionMetadata;

/**
 * Changes the state of applications that do not run, in one transaction: all of it is seen, or nothing. One thread.
 *
 * <p>It commits offsets of their groups as one who is no member: with a member, the whole transaction fails.
 */
public final class StateTransaction implements AutoCloseable {

    /** The longest that brokers allow unless they are told otherwise. */
    private static final Duration LONGEST = Duration.ofMinutes(15);

    private static final long UNKNOWN_TIME = -1;
    private static final int NO_GENERATION = -1;

    private final Transactions transactions;
    private final Producer<byte[], byte[]> producer;

    /**
     * Ends that of an earlier process that did not come to its end.
     *
     * @param id of whoever changes the state: of two with the same, the earlier one fails
     * @param topics written beside changelogs
     * @param applications whose changelogs are written
     */
    public StateTransaction(
            ClientSettings clients, StreamSettings settings, String id, Set<String> topics, Set<String> applications) {
        transactions = new Transactions(clients, TopicReader.PATIENCE);
        Map<String, Object> config = new HashMap<>(clients.asMap());
        config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.topics().maxMessageBytes());
        config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) LONGEST.toMillis());
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
        Producer<byte[], byte[]> plain =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        producer = settings.isSettling()
                ? new SettledProducer<>(plain, transactions, id, () -> transactions.written(topics, applications))
                : plain;
        producer.initTransactions();
    }

    public void begin() {
        producer.beginTransaction();
    }

    /** @param value absent for a deletion */
    @SuppressWarnings({"FutureReturnValueIgnored", "NullAway"}) // the transaction fails with it; null is a deletion
    public void send(String topic, int partition, byte[] key, Optional<byte[]> value) {
        producer.send(new ProducerRecord<>(topic, partition, key, value.orElse(null)));
    }

    /** Keeps settings with the state of a task. They come first in a new changelog, as a start reads them there. */
    public void keep(Changelog changelog, int partition, KeptSettings settings) {
        WriteThroughStore.settingEntries(settings)
                .forEach((key, value) -> send(changelog.name(), partition, key, Optional.of(value)));
    }

    /** Says what a state has taken in: the records of a partition before an offset. */
    public void position(Changelog changelog, int partition, TopicPartition input, long offset) {
        send(
                changelog.name(),
                partition,
                WriteThroughStore.positionKey(input.toString()),
                Optional.of(Frame.seal(Frame.allocate(Long.BYTES).putLong(offset))));
    }

    /** Returns an offset as an application commits it that has reached it: its next start demands that its changelogs are there. */
    public static OffsetAndMetadata reached(long offset) {
        return new OffsetAndMetadata(
                offset, new TopicPartitionMetadata(UNKNOWN_TIME, new ProcessorMetadata()).encode());
    }

    /** Commits offsets of an application's group, which must have no member. */
    public void offsets(String application, Map<TopicPartition, OffsetAndMetadata> offsets) {
        if (!offsets.isEmpty()) {
            producer.sendOffsetsToTransaction(offsets, outside(application));
        }
    }

    /** @throws CommitFailedException if a group has members */
    public void commit() {
        producer.commitTransaction();
    }

    /** A member of the group that it does not have. Of who gives none, brokers take transactional offsets whatever members there are. */
    @SuppressWarnings("removal") // Kafka makes one for members alone
    private static ConsumerGroupMetadata outside(String application) {
        return new ConsumerGroupMetadata(application, NO_GENERATION, "outside", Optional.empty());
    }

    @Override
    public void close() {
        producer.close();
        transactions.close();
    }
}
