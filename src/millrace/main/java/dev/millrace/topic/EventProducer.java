package dev.millrace.topic;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.state.Utf8;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.ExperimentHeader;
import dev.millrace.wire.Topic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends events to their topics under the right key, with event time as the record's timestamp.
 *
 * <p>Sending is asynchronous; a failure is thrown by the next call, and by {@link #flush} at the latest. Safe for threads.
 */
public final class EventProducer implements AutoCloseable {

    private static final int BATCH_BYTES = 128 << 10;
    static final int LINGER_MILLIS = 5;
    private static final int LARGEST_REQUEST_BYTES = 8 << 20;

    private final TopicNames topics;
    private final AvroWire wire;
    private final EventRecords records;
    private final KafkaProducer<byte[], byte[]> producer;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    public EventProducer(ClientSettings clients, TopicNames topics, AvroWire wire) {
        this.topics = topics;
        this.wire = wire;
        this.records = new EventRecords(wire);
        producer = new KafkaProducer<>(config(clients), new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** The properties of a producer of events. */
    static Map<String, Object> config(ClientSettings clients) {
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, LARGEST_REQUEST_BYTES);
        config.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MILLIS);
        config.putAll(clients.asMap());
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true); // an event sent twice by a retry is still one
        return config;
    }

    public void send(Exposure exposure) {
        send(topics.exposures(), exposure.user(), records.encode(topics.exposures(), exposure), exposure.time());
    }

    public void send(Click click) {
        send(topics.clicks(), click.user(), records.encode(topics.clicks(), click), click.time());
    }

    public void send(UserProfile profile) {
        send(topics.users(), profile.user(), records.encode(topics.users(), profile), profile.time());
    }

    public void send(CatalogueItem item) {
        send(topics.items(), item.item(), records.encode(topics.items(), item), item.time());
    }

    /** Removes a user. */
    public void removeUser(String user, long time) {
        sendBytes(topics.users(), Utf8.bytes(user), Optional.empty(), time);
    }

    /** Removes a user whose events may be in any partition. */
    @SuppressWarnings("NullAway") // a null value is what a tombstone is
    public void removeUserEverywhere(String user, long time) {
        for (PartitionInfo partition : producer.partitionsFor(topics.users())) {
            send(new ProducerRecord<>(topics.users(), partition.partition(), time, Utf8.bytes(user), null, List.of()));
        }
    }

    /** Removes an item from the catalogue. */
    public void removeItem(String item, long time) {
        sendBytes(topics.items(), Utf8.bytes(item), Optional.empty(), time);
    }

    /**
     * Sends what a record of one of Millrace's own topics holds.
     *
     * @param name of the topic in the cluster
     */
    public <T> void send(Topic<T> topic, String name, T value, long time) {
        sendBytes(name, topic.key(value), wire.encode(topic, name, value), time);
    }

    /** Sends a record as it is, without any check. */
    public void sendBytes(String topic, byte[] key, Optional<byte[]> value, long time) {
        send(record(topic, key, value, time));
    }

    /** Removes what a partition has under a key. */
    @SuppressWarnings("NullAway") // a null value is what a tombstone is
    void delete(String topic, int partition, byte[] key) {
        send(new ProducerRecord<>(topic, partition, key, null));
    }

    /** Of states: Kafka Streams takes the earliest record of a task's topics first, and a log that is replayed may be of any date. */
    private static final long NO_TIME = 0;

    /** Refers to a state of an experiment in every partition of the topic that it counts: what stands behind it there counts in it. */
    @SuppressWarnings("NullAway") // a null value is what a tombstone is
    public void send(Experiment state, ExperimentReference reference) {
        List<Header> headers = List.of(new StateHeader(ExperimentHeader.NAME, ExperimentHeader.encode(reference)));
        String topic = state.plan().per() == Experiment.Per.USER ? topics.clicks() : topics.exposures();
        for (PartitionInfo partition : producer.partitionsFor(topic)) {
            send(new ProducerRecord<>(topic, partition.partition(), NO_TIME, ExperimentHeader.key(), null, headers));
        }
    }

    private record StateHeader(String key, byte[] value) implements Header {}

    @SuppressWarnings("FutureReturnValueIgnored") // the callback takes the result
    private void send(ProducerRecord<byte[], byte[]> record) {
        throwFailure();
        producer.send(record, (metadata, thrown) -> {
            if (thrown != null) {
                failure.compareAndSet(null, thrown);
            }
        });
    }

    /** Waits until the brokers have acknowledged all that was sent. */
    public void flush() {
        producer.flush();
        throwFailure();
    }

    @Override
    public void close() {
        producer.close();
    }

    private void send(String topic, String key, byte[] value, long time) {
        sendBytes(topic, Utf8.bytes(key), Optional.of(value), time);
    }

    private void throwFailure() {
        @Nullable Exception thrown = failure.get();
        if (thrown instanceof AuthorizationException refused) {
            throw MissingRightException.of(refused, "WRITE");
        }
        if (thrown instanceof TimeoutException late) {
            throw new BrokerUnreachableException("a record was not taken: " + late.getMessage(), late);
        }
        if (thrown != null) {
            throw new IllegalStateException("an event was not taken by the brokers", thrown);
        }
    }

    @SuppressWarnings("NullAway") // Kafka's records are not annotated; a null value is what a tombstone is
    private static ProducerRecord<byte[], byte[]> record(String topic, byte[] key, Optional<byte[]> value, long time) {
        return new ProducerRecord<>(topic, null, time, key, value.orElse(null));
    }
}
