package dev.millrace.stream;

import dev.millrace.event.Rejected;
import dev.millrace.model.RefusedStepException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
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

    /** Of a step that was refused: its number, and the topic whose record of that number holds its batch. */
    static final String STEP = "millrace.step";

    static final String LOG_TOPIC = "millrace.log.topic";

    /** The reason of a step that was refused. */
    static final String REFUSED_STEP = "refused-step";

    private DeadLetter() {}

    /**
     * A step that was refused; without a value, for its batch is in the log under its number.
     *
     * @param from of the record that brought the batch, or closed it; absent if it was closed for having waited
     */
    @SuppressWarnings("NullAway") // Kafka's records are not annotated; this one has no value
    static Record<byte[], byte[]> ofStep(
            long step, String logTopic, String message, Optional<RecordMetadata> from, long timestamp) {
        Headers headers = new RecordHeaders();
        add(headers, EXCEPTION, RefusedStepException.class.getName());
        add(headers, MESSAGE, message);
        from.ifPresent(origin -> addOrigin(headers, origin));
        add(headers, REASON, REFUSED_STEP);
        add(headers, STEP, Long.toString(step));
        add(headers, LOG_TOPIC, logTopic);
        return new Record<>(Outlet.utf8(Long.toString(step)), null, timestamp, headers);
    }

    static Record<byte[], byte[]> of(
            Record<byte[], byte[]> record, RecordMetadata from, Rejected rejected, Class<?> exception) {
        Headers headers = new RecordHeaders(record.headers().toArray());
        add(headers, EXCEPTION, exception.getName());
        add(headers, MESSAGE, rejected.message());
        addOrigin(headers, from);
        add(headers, REASON, rejected.reason());
        return record.withHeaders(headers);
    }

    private static void addOrigin(Headers headers, RecordMetadata from) {
        add(headers, TOPIC, from.topic());
        add(headers, PARTITION, Integer.toString(from.partition()));
        add(headers, OFFSET, Long.toString(from.offset()));
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
