package dev.millrace.stream;

import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejected;
import dev.millrace.model.RefusedStepException;
import dev.millrace.state.Utf8;
import dev.millrace.wire.DeadLetterHeaders;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * A record that could not be used, as it goes to the dead letters: key and value unchanged, the reason in headers.
 *
 * <p>With these headers a large record might exceed Kafka's default {@code max.message.bytes}. It then goes without its value and its
 * own headers, and without a key that is longer than any id: the whole record is still in its topic.
 */
final class DeadLetter {

    /** Leaves room for our headers, and for the framing of a batch of one, below 1,048,588. */
    private static final int LARGEST_BYTES = 1_000_000;

    private static final int LONGEST_KEY_BYTES = 256;
    private static final int BYTES_A_HEADER = 10; // the lengths of its name and value
    private static final int LONGEST_MESSAGE = 2_000;

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
        add(headers, DeadLetterHeaders.EXCEPTION, RefusedStepException.class.getName());
        add(headers, DeadLetterHeaders.MESSAGE, message);
        from.ifPresent(origin -> addOrigin(headers, origin));
        add(headers, DeadLetterHeaders.REASON, RejectReason.REFUSED_STEP.label());
        add(headers, DeadLetterHeaders.STEP, Long.toString(step));
        add(headers, DeadLetterHeaders.LOG_TOPIC, logTopic);
        return new Record<>(Utf8.bytes(Long.toString(step)), null, timestamp, headers);
    }

    @SuppressWarnings("NullAway") // Kafka's records are not annotated; key and value may be left out
    static Record<byte[], byte[]> of(
            Record<byte[], byte[]> record, RecordMetadata from, Rejected rejected, Class<?> exception) {
        long bytes = bytes(record);
        boolean isWhole = bytes <= LARGEST_BYTES;
        Headers headers = isWhole ? new RecordHeaders(record.headers().toArray()) : new RecordHeaders();
        add(headers, DeadLetterHeaders.EXCEPTION, exception.getName());
        add(headers, DeadLetterHeaders.MESSAGE, shortened(rejected.message()));
        addOrigin(headers, from);
        add(headers, DeadLetterHeaders.REASON, rejected.reason().label());
        if (isWhole) {
            return record.withHeaders(headers);
        }
        add(headers, DeadLetterHeaders.LEFT_OUT, Long.toString(bytes));
        byte[] key = length(record.key()) <= LONGEST_KEY_BYTES ? record.key() : null;
        return new Record<>(key, null, record.timestamp(), headers);
    }

    private static long bytes(Record<byte[], byte[]> record) {
        long sum = (long) length(record.key()) + length(record.value());
        for (Header header : record.headers()) {
            sum += BYTES_A_HEADER + length(Utf8.bytes(header.key())) + length(header.value());
        }
        return sum;
    }

    /** A message may quote what it is about. */
    private static String shortened(String message) {
        return message.length() <= LONGEST_MESSAGE ? message : message.substring(0, LONGEST_MESSAGE) + "…";
    }

    private static int length(byte @Nullable [] bytes) {
        return bytes == null ? 0 : bytes.length;
    }

    private static void addOrigin(Headers headers, RecordMetadata from) {
        add(headers, DeadLetterHeaders.TOPIC, from.topic());
        add(headers, DeadLetterHeaders.PARTITION, Integer.toString(from.partition()));
        add(headers, DeadLetterHeaders.OFFSET, Long.toString(from.offset()));
    }

    /** Replaces what an earlier rejection said, in a dead letter that was sent again. */
    private static void add(Headers headers, String name, String value) {
        headers.remove(name).add(name, Utf8.bytes(value));
    }
}
