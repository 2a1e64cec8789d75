package dev.millrace.topic;

import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;

/** Reads a partition of a compacted topic once, from one position to the next, committed records only. One thread. */
public final class LogCursor implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);

    private final ClientSettings clients;
    private final Duration patience;
    private final TopicPartition partition;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final long end;
    private final Deque<ConsumerRecord<byte[], byte[]>> fetched = new ArrayDeque<>();
    private final KafkaRecords taken = new KafkaRecords();
    private final Set<ByteBuffer> keys = new HashSet<>(); // read so far, until one repeats
    private boolean hasRepeated;

    /** Stands before the first record. The caller closes it. */
    public LogCursor(Cluster cluster, String topic, int partition) {
        this.clients = cluster.clients();
        this.patience = cluster.patience();
        this.partition = new TopicPartition(topic, partition);
        this.consumer = KafkaRecords.consumer(
                clients,
                Map.of(
                        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                        (int) patience.toMillis(),
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed"));
        try {
            List<TopicPartition> all = KafkaRecords.partitions(consumer, topic);
            if (all.contains(this.partition)) {
                consumer.assign(List.of(this.partition));
                consumer.seekToBeginning(List.of(this.partition));
                end = Optional.ofNullable(
                                consumer.endOffsets(List.of(this.partition)).get(this.partition))
                        .orElse(0L);
            } else {
                end = 0;
            }
        } catch (TimeoutException late) {
            consumer.close();
            throw clients.unreachable(patience, late);
        } catch (AuthorizationException refused) {
            consumer.close();
            throw MissingRightException.of(refused, "READ");
        }
    }

    /** Position behind the last committed record when the cursor was made; 0 if there is no such partition. */
    public long end() {
        return end;
    }

    /**
     * Whether the log is known to still have, up to the position, the last record of each key.
     *
     * <p>Compaction leaves one record of a key in all that it has passed. So it has not passed the second record of a key that came twice, and what it
     * removed was of keys that came again before. A compaction while the cursor reads is not noticed.
     */
    public boolean isWhole() {
        return hasRepeated;
    }

    /**
     * Reads on, up to a position.
     *
     * @param each takes the records that lie before it
     * @throws UnusableTopicException if the position is not reached
     */
    public void readTo(long position, Consumer<TopicRecord> each) {
        long lastMove = System.nanoTime();
        try {
            while (true) {
                while (!fetched.isEmpty() && fetched.getFirst().offset() < position) {
                    ConsumerRecord<byte[], byte[]> record = fetched.removeFirst();
                    note(record.key());
                    taken.give(record, plain -> {
                        each.accept(plain);
                        return true;
                    });
                }
                if (!fetched.isEmpty() || position == 0 || consumer.position(partition, patience) >= position) {
                    return;
                }
                long before = consumer.position(partition, patience);
                consumer.poll(POLL).forEach(fetched::addLast);
                if (consumer.position(partition, patience) > before) {
                    lastMove = System.nanoTime();
                } else if (System.nanoTime() - lastMove > patience.toNanos()) {
                    throw new UnusableTopicException(List.of("offset " + position + " of " + partition
                            + " was not reached within " + patience.toSeconds() + " s; the log is at " + before));
                }
            }
        } catch (TimeoutException late) {
            throw clients.unreachable(patience, late);
        } catch (AuthorizationException refused) {
            throw MissingRightException.of(refused, "READ");
        }
    }

    private void note(byte[] key) {
        if (!hasRepeated && !keys.add(ByteBuffer.wrap(key))) {
            hasRepeated = true;
            keys.clear();
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
