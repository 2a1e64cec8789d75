package dev.millrace.topic;

import dev.millrace.operation.Progress;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads bounded parts of topics, committed records only: from any offset to the end that the partition had when asked. One thread.
 *
 * <p>The end includes records of open transactions: reading waits until those have ended. So if a record has been seen, all that its
 * transaction wrote to any topic is seen too, if the extent of that topic is asked for afterwards.
 */
public final class TopicReader implements TopicLog {

    /**
     * What a partition holds.
     *
     * @param first offset retained
     * @param end offset after the last written
     */
    public record Extent(String topic, int partition, long first, long end) {

        private TopicPartition toPartition() {
            return new TopicPartition(topic, partition);
        }
    }

    /**
     * How long a command waits for the next record: longer than a cluster needs by default to end the transaction of a process that
     * is gone.
     */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration POLL = Duration.ofMillis(100);

    /** Of a reading that ends within it nothing is told. */
    private static final Duration SHORT = Duration.ofSeconds(1);

    private final ClientSettings clients;
    private final Duration patience;
    private final Progress progress;
    private final KafkaConsumer<byte[], byte[]> records;
    private final KafkaConsumer<byte[], byte[]> offsets;
    private final KafkaRecords taken = new KafkaRecords();

    /** @param patience how long the cluster may take for the next record, an undecided transaction included */
    public TopicReader(ClientSettings clients, Duration patience) {
        this(clients, patience, Progress.NONE);
    }

    /** @param progress told of each reading that takes long: the partition, the offsets that are read, and those of the extent */
    TopicReader(ClientSettings clients, Duration patience, Progress progress) {
        this.clients = clients;
        this.patience = patience;
        this.progress = progress;
        this.records = consumer("read_committed");
        this.offsets = consumer("read_uncommitted");
    }

    /**
     * Each partition of a topic, as it is now, by number.
     *
     * @throws UnusableTopicException if there is no such topic
     * @throws BrokerUnreachableException if no broker answers
     */
    public List<Extent> extents(String topic) {
        return asked("READ", () -> {
            List<TopicPartition> partitions = KafkaRecords.partitions(offsets, topic);
            Map<TopicPartition, Long> first = offsets.beginningOffsets(partitions);
            Map<TopicPartition, Long> end = offsets.endOffsets(partitions);
            return partitions.stream()
                    .map(each -> new Extent(
                            topic, each.partition(), first.getOrDefault(each, 0L), end.getOrDefault(each, 0L)))
                    .sorted(Comparator.comparingInt(Extent::partition))
                    .toList();
        });
    }

    /**
     * The sum of the ends of a topic's partitions, by topic: how many offsets were ever given out.
     *
     * @throws BrokerUnreachableException if no broker answers
     */
    public Map<String, Long> ends(Collection<String> topics) {
        return asked("DESCRIBE", () -> {
            List<TopicPartition> partitions = topics.stream()
                    .flatMap(topic -> offsets.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            Map<String, Long> ends = new HashMap<>();
            offsets.endOffsets(partitions).forEach((partition, end) -> ends.merge(partition.topic(), end, Long::sum));
            return ends;
        });
    }

    private <T> T asked(String right, Supplier<T> question) {
        try {
            return question.get();
        } catch (TimeoutException late) {
            throw clients.unreachable(patience, late);
        } catch (AuthorizationException refused) {
            throw MissingRightException.of(refused, right);
        }
    }

    @Override
    public int partitions(String topic) {
        return extents(topic).size();
    }

    @Override
    public long begin(String topic, int partition) {
        return extents(topic).get(partition).first();
    }

    @Override
    public long end(String topic, int partition) {
        return extents(topic).get(partition).end();
    }

    @Override
    public void read(String topic, int partition, long from, long until, Predicate<TopicRecord> wantsMore) {
        read(new Extent(topic, partition, from, until), from, wantsMore);
    }

    @Override
    public long committedEnd(String topic, int partition) {
        TopicPartition of = new TopicPartition(topic, partition);
        return asked("READ", () -> records.endOffsets(List.of(of)).getOrDefault(of, 0L));
    }

    /** The partition that Kafka's default partitioner sends a key to. */
    public Extent extent(String topic, byte[] key) {
        List<Extent> extents = extents(topic);
        return extents.get(KeyPartition.of(key, extents.size()));
    }

    /**
     * Reads from an offset to the end of the extent.
     *
     * @param wantsMore takes each record; returns false to stop reading. A record that it cannot decode is left out and named in the log
     * @throws UnusableTopicException if the offset is no longer retained, or a transaction is not decided within the patience
     * @throws BrokerUnreachableException if no broker answers
     */
    public void read(Extent extent, long from, Predicate<TopicRecord> wantsMore) {
        TopicPartition partition = extent.toPartition();
        records.assign(List.of(partition));
        records.seek(partition, from);
        long position = from;
        long begin = System.nanoTime();
        long lastMove = begin;
        try {
            while (position < extent.end()) {
                ConsumerRecords<byte[], byte[]> polled = records.poll(POLL);
                for (ConsumerRecord<byte[], byte[]> record : polled) {
                    if (record.offset() >= extent.end() || !taken.give(record, wantsMore)) {
                        return;
                    }
                }
                long now = System.nanoTime();
                long moved = records.position(partition, patience);
                if (moved > position || !polled.isEmpty()) {
                    lastMove = now;
                } else if (now - lastMove > patience.toNanos()) {
                    throw stuck(extent, position);
                }
                position = moved;
                if (now - begin > SHORT.toNanos()) {
                    progress.reached(partition.toString(), position - from, extent.end() - from);
                }
            }
        } catch (OffsetOutOfRangeException gone) {
            throw new UnusableTopicException(
                    List.of("offset " + from + " of " + partition + " is no longer retained: " + gone.getMessage()));
        } catch (TimeoutException late) {
            throw clients.unreachable(patience, late);
        } catch (AuthorizationException refused) {
            throw MissingRightException.of(refused, "READ");
        }
    }

    @Override
    public void readAll(String topic, Consumer<TopicRecord> each) {
        extents(topic).forEach(extent -> readAll(extent, each));
    }

    private void readAll(Extent extent, Consumer<TopicRecord> each) {
        read(extent, extent.first(), record -> {
            each.accept(record);
            return true;
        });
    }

    /** The first record at an offset or after it; transaction markers leave gaps. */
    public Optional<TopicRecord> firstFrom(Extent extent, long offset) {
        List<TopicRecord> found = new ArrayList<>();
        read(extent, offset, record -> {
            found.add(record);
            return false;
        });
        return found.stream().findFirst();
    }

    @Override
    public void close() {
        records.close();
        offsets.close();
    }

    /** The offset is retained and cannot be passed: a transaction is open, or the broker does not answer. */
    private RuntimeException stuck(Extent extent, long position) {
        extents(extent.topic());
        return new UnusableTopicException(List.of(
                "offset " + position + " of " + extent.toPartition() + " was not decided within " + patience.toSeconds()
                        + " s: a transaction is open there; millrace transactions list says whose"));
    }

    private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
        return KafkaRecords.consumer(
                clients.jumping(),
                Map.of(
                        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                        (int) patience.toMillis(),
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        isolation));
    }
}
