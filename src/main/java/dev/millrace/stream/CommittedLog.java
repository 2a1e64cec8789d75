package dev.millrace.stream;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** The topics of a cluster, read by a consumer without a group. Used by one thread. */
public final class CommittedLog implements TopicLog {

    private static final Duration POLL = Duration.ofMillis(200);

    private final Duration patience;
    private final String address;
    private final KafkaConsumer<byte[], byte[]> committed;
    private final KafkaConsumer<byte[], byte[]> all;

    /** @param patience longest that the cluster may take to answer, and an open transaction to end */
    public CommittedLog(ClientSettings clients, Duration patience) {
        this.patience = patience;
        address = clients.bootstrapServers();
        committed = consumer(clients, "read_committed");
        all = consumer(clients, "read_uncommitted");
    }

    @Override
    public int partitions(String topic) {
        return asked(() -> committed.partitionsFor(topic, patience)).size();
    }

    @Override
    public long begin(String topic, int partition) {
        TopicPartition of = new TopicPartition(topic, partition);
        return asked(() -> committed.beginningOffsets(List.of(of), patience)).getOrDefault(of, 0L);
    }

    @Override
    public long end(String topic, int partition) {
        TopicPartition of = new TopicPartition(topic, partition);
        return asked(() -> all.endOffsets(List.of(of), patience)).getOrDefault(of, 0L);
    }

    @Override
    public long committedEnd(String topic, int partition) {
        TopicPartition of = new TopicPartition(topic, partition);
        return asked(() -> committed.endOffsets(List.of(of), patience)).getOrDefault(of, 0L);
    }

    @Override
    public void read(String topic, int partition, long until, Consumer<LoggedRecord> each) {
        TopicPartition of = new TopicPartition(topic, partition);
        committed.assign(List.of(of));
        committed.seekToBeginning(List.of(of));
        long reached = -1;
        long lastAdvance = System.nanoTime();
        while (asked(() -> committed.position(of, patience)) < until) {
            for (ConsumerRecord<byte[], byte[]> record : committed.poll(POLL).records(of)) {
                if (record.offset() < until) {
                    each.accept(logged(record));
                }
            }
            long position = committed.position(of, patience);
            if (position > reached) {
                reached = position;
                lastAdvance = System.nanoTime();
            } else if (System.nanoTime() - lastAdvance > patience.toNanos()) {
                throw new IllegalStateException(of + " could not be read beyond offset " + position + " to " + until
                        + " within " + patience.toSeconds() + " s: a transaction of a writer stays open there");
            }
        }
    }

    @Override
    public void close() {
        committed.close();
        all.close();
    }

    private <T> T asked(java.util.function.Supplier<T> question) {
        try {
            return question.get();
        } catch (TimeoutException late) {
            throw new BrokerUnreachableException(
                    "no broker answered at " + address + " within " + patience.toSeconds() + " s", late);
        }
    }

    private static LoggedRecord logged(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new HashMap<>();
        for (Header header : record.headers()) {
            byte @Nullable [] value = header.value();
            headers.put(header.key(), value == null ? "" : new String(value, StandardCharsets.UTF_8));
        }
        return new LoggedRecord(
                record.offset(),
                record.timestamp(),
                Optional.ofNullable(record.key()),
                Optional.ofNullable(record.value()),
                headers);
    }

    private static KafkaConsumer<byte[], byte[]> consumer(ClientSettings clients, String isolation) {
        Map<String, Object> config = new HashMap<>();
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5000);
        config.putAll(clients.asMap());
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        try {
            return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException unusable) { // such as a host name that cannot be resolved
            throw new BrokerUnreachableException(
                    "no broker can be reached at " + clients.bootstrapServers() + ": " + unusable.getMessage(),
                    unusable);
        }
    }
}
