package dev.millrace.stream;

import dev.millrace.event.Rejected;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** A record that could not be used, as it goes to the dead letters: key and value as they came, the reason in headers. */
final class DeadLetter {

    /** The names of Kafka's own dead letter handlers. */
    static final String EXCEPTION = "__streams.errors.exception";

    static final String MESSAGE = "__streams.errors.message";
    static final String TOPIC = "__streams.errors.topic";
    static final String PARTITION = "__streams.errors.partition";
    static final String OFFSET = "__streams.errors.offset";

    /** Why, as the books count it. */
    static final String REASON = "millrace.reject.reason";

    private DeadLetter() {}

    static Record<byte[], byte[]> of(
            Record<byte[], byte[]> record, RecordMetadata from, Rejected rejected, Class<?> exception) {
        Headers headers = new RecordHeaders(record.headers().toArray());
        add(headers, EXCEPTION, exception.getName());
        add(headers, MESSAGE, rejected.message());
        add(headers, TOPIC, from.topic());
        add(headers, PARTITION, Integer.toString(from.partition()));
        add(headers, OFFSET, Long.toString(from.offset()));
        add(headers, REASON, rejected.reason());
        return record.withHeaders(headers);
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
