package dev.millrace.topic;

import dev.millrace.state.Utf8;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * One record of a topic as a reader gets it.
 *
 * @param topic it is of
 * @param key empty if it has none
 * @param value absent for a tombstone
 * @param timestamp epoch milliseconds
 * @param partition of the topic
 * @param offset within the partition
 * @param headers as UTF-8 text, the last of each name
 */
public record TopicRecord(
        String topic,
        byte[] key,
        Optional<byte[]> value,
        long timestamp,
        int partition,
        long offset,
        Map<String, String> headers) {

    private static final byte[] NO_KEY = new byte[0];

    static TopicRecord of(ConsumerRecord<byte[], byte[]> record) {
        return new TopicRecord(
                record.topic(),
                Optional.ofNullable(record.key()).orElse(NO_KEY),
                Optional.ofNullable(record.value()),
                record.timestamp(),
                record.partition(),
                record.offset(),
                headers(record));
    }

    /** Where it is, in words. */
    public String place() {
        return "offset " + offset + " of " + topic + "-" + partition;
    }

    private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new HashMap<>();
        for (Header header : record.headers()) {
            byte @Nullable [] value = header.value();
            headers.put(header.key(), value == null ? "" : Utf8.text(value));
        }
        return headers.isEmpty() ? Map.of() : headers;
    }
}
