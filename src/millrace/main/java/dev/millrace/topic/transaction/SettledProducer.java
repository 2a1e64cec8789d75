package dev.millrace.topic.transaction;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transactional producer that begins no transaction before the one before it has its end in every log.
 *
 * <p>{@link #initTransactions} first ends the transaction that an earlier producer of this id left open, and settles all orphans: after it, their
 * coordinator no longer knows how they ended. {@link #commitTransaction} asks the logs for the transaction's end, once it is committed:
 * one request, for something that the coordinator waits for anyway. What it has not seen, {@link #beginTransaction} asks for again. It
 * seldom waits so: Streams begins a transaction with the first record after a commit, and commits anew when the interval is over. A wait
 * there that is as long would leave each transaction one record.
 *
 * <p>One thread, as with any transactional producer; callbacks come from the producer's own.
 */
public final class SettledProducer<K, V> implements Producer<K, V> {

    /** Makes of a producer and its configuration the one that an application gets. */
    public interface Settling {
        Producer<byte[], byte[]> settled(Producer<byte[], byte[]> producer, Map<String, Object> config);
    }

    private static final Logger LOG = LoggerFactory.getLogger(SettledProducer.class);

    private final Producer<K, V> producer;
    private final Transactions transactions;
    private final String transactionalId;
    private final Supplier<Set<TopicPartition>> writable;
    private final Set<TopicPartition> written = ConcurrentHashMap.newKeySet();
    private final Set<String> groups = new HashSet<>();
    private Optional<Boolean> isCommitted = Optional.empty();
    private long producerId;

    /** @param writable all partitions that a producer of this id may have written to */
    public SettledProducer(
            Producer<K, V> producer,
            Transactions transactions,
            String transactionalId,
            Supplier<Set<TopicPartition>> writable) {
        this.producer = producer;
        this.transactions = transactions;
        this.transactionalId = transactionalId;
        this.writable = writable;
    }

    /** @throws UndecidedTransactionException if the end of an orphan is not known */
    @Override
    public void initTransactions() {
        transactions.endRunning(transactionalId);
        transactions.settleOrRefuse(writable.get());
        producer.initTransactions();
        producerId = transactions.producerId(transactionalId);
    }

    @Override
    public void beginTransaction() {
        awaitEnd();
        isCommitted = Optional.empty();
        producer.beginTransaction();
    }

    private void awaitEnd() {
        if (!written.isEmpty() || !groups.isEmpty()) {
            Set<TopicPartition> partitions = new HashSet<>(written);
            groups.forEach(group -> partitions.add(transactions.offsets(group)));
            producerId = transactions.awaitEnd(transactionalId, producerId, partitions, isCommitted);
            written.clear();
            groups.clear();
        }
    }

    @Override
    public void sendOffsetsToTransaction(
            Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata groupMetadata) {
        groups.add(groupMetadata.groupId());
        producer.sendOffsetsToTransaction(offsets, groupMetadata);
    }

    @Override
    public void commitTransaction() {
        producer.commitTransaction();
        isCommitted = Optional.of(true);
        try {
            awaitEnd();
        } catch (
                RuntimeException
                        unknown) { // the commit has been told: the next beginTransaction asks again, and throws
            LOG.atDebug().setCause(unknown).log("The end of a committed transaction has not been seen yet");
        }
    }

    @Override
    public void abortTransaction() {
        producer.abortTransaction();
        isCommitted = Optional.of(false);
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<K, V> record) {
        return send(record, (metadata, failure) -> {});
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<K, V> record, Callback callback) {
        return producer.send(record, (metadata, failure) -> {
            if (metadata != null && metadata.partition() >= 0) {
                written.add(new TopicPartition(metadata.topic(), metadata.partition()));
            }
            callback.onCompletion(metadata, failure);
        });
    }

    @Override
    public void flush() {
        producer.flush();
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
        return producer.partitionsFor(topic);
    }

    @Override
    public Map<MetricName, ? extends Metric> metrics() {
        return producer.metrics();
    }

    @Override
    public Uuid clientInstanceId(Duration timeout) {
        return producer.clientInstanceId(timeout);
    }

    @Override
    public void registerMetricForSubscription(KafkaMetric metric) {
        producer.registerMetricForSubscription(metric);
    }

    @Override
    public void unregisterMetricFromSubscription(KafkaMetric metric) {
        producer.unregisterMetricFromSubscription(metric);
    }

    @Override
    public void close() {
        producer.close();
    }

    @Override
    public void close(Duration timeout) {
        producer.close(timeout);
    }
}
