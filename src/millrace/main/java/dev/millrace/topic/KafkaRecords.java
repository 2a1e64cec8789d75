package dev.millrace.topic;

import dev.millrace.state.Utf8;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UndecodableException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a consumer's records to a reader as plain ones. A record that the reader cannot decode is left out and counted, since the same bytes
 * would come at each start. Safe for threads.
 */
final class KafkaRecords {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaRecords.class);
    private static final byte[] NO_KEY = new byte[0];

    private final AtomicLong undecodable = new AtomicLong();

    /** A consumer without a group, which only goes where it is told; the caller closes it. */
    static KafkaConsumer<byte[], byte[]> consumer(ClientSettings clients, Map<String, Object> own) {
        Map<String, Object> config = new HashMap<>();
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2000);
        config.putAll(clients.asMap());
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        config.putAll(own);
        try {
            return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException failed) {
            throw clients.noClient(failed);
        }
    }

    /**
     * The partitions of a topic.
     *
     * @throws UnusableTopicException if there is no such topic
     */
    static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, String topic) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new UnusableTopicException(
                    List.of("topic " + topic + " is missing; millrace topics create makes it"));
        }
        return partitions;
    }

    /** Records left out so far. */
    long undecodable() {
        return undecodable.get();
    }

    /**
     * Gives a record to its reader.
     *
     * @return what the reader returns; true if it cannot decode the record
     */
    boolean give(ConsumerRecord<byte[], byte[]> record, Predicate<TopicRecord> reader) {
        try {
            return reader.test(plain(record));
        } catch (UndecodableException foreign) {
            long counted = undecodable.incrementAndGet();
            if (Long.bitCount(counted) == 1) { // the first, second, fourth, eighth, …: many leave no gigabytes of log
                LOG.atWarn()
                        .addKeyValue("topic", record.topic())
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("count", counted)
                        .log("Skipped a record that cannot be decoded: " + foreign.getMessage());
            }
            return true;
        }
    }

    private static TopicRecord plain(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new HashMap<>();
        for (Header header : record.headers()) {
            byte @Nullable [] value = header.value();
            headers.put(header.key(), value == null ? "" : Utf8.text(value));
        }
        return new TopicRecord(
                record.topic(),
                Optional.ofNullable(record.key()).orElse(NO_KEY),
                Optional.ofNullable(record.value()),
                record.timestamp(),
                record.partition(),
                record.offset(),
                headers.isEmpty() ? Map.of() : headers);
    }
}
