package dev.millrace.topic;

import dev.millrace.state.Utf8;
import dev.millrace.wire.TopicRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** A consumer's records as plain ones. */
final class KafkaRecords {

    private static final byte[] NO_KEY = new byte[0];

    private KafkaRecords() {}

    static TopicRecord plain(ConsumerRecord<byte[], byte[]> record) {
        return new TopicRecord(
                record.topic(),
                Optional.ofNullable(record.key()).orElse(NO_KEY),
                Optional.ofNullable(record.value()),
                record.timestamp(),
                record.partition(),
                record.offset(),
                headers(record));
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
