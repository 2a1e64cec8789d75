package dev.millrace.stream;

import dev.millrace.event.Rejected;
import dev.millrace.event.Rejection;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Forwards a processor's records to its sinks, by name. */
final class Outlet {

    private final ProcessorContext<byte[], byte[]> context;

    Outlet(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
    }

    void send(String sink, byte[] key, byte[] value, long timestamp) {
        context.forward(new Record<>(key, value, timestamp), sink);
    }

    /** @param value absent to delete the key */
    void send(String sink, byte[] key, Optional<byte[]> value, long timestamp) {
        value.ifPresentOrElse(
                present -> send(sink, key, present, timestamp), () -> sendTombstone(sink, key, timestamp));
    }

    /** Sends a record without a value: the key is deleted. */
    void sendTombstone(String sink, byte[] key, long timestamp) {
        context.forward(tombstone(key, timestamp), sink);
    }

    /** Sends the dead letter of a record that could not be used. */
    <E extends RuntimeException & Rejection> Rejected sendDeadLetter(
            String sink, Record<byte[], byte[]> record, E broken) {
        Rejected rejected = broken.rejected();
        context.forward(DeadLetter.of(record, origin(context), rejected, broken.getClass()), sink);
        return rejected;
    }

    /** Sends the dead letter of a refused step. */
    void sendRefusedStep(String sink, long step, String logTopic, String message) {
        // outside of process there is a record without a topic
        Optional<RecordMetadata> from = context.recordMetadata()
                .filter(origin -> !String.valueOf(origin.topic()).equals("null"));
        context.forward(DeadLetter.ofStep(step, logTopic, message, from, context.currentSystemTimeMs()), sink);
    }

    /** Where the record that is being processed came from. */
    static RecordMetadata origin(ProcessorContext<?, ?> context) {
        return context.recordMetadata()
                .orElseThrow(() -> new IllegalStateException("asked for a record's origin outside of process"));
    }

    @SuppressWarnings("NullAway") // Kafka's records are not annotated; a null value is what a tombstone is
    private static Record<byte[], byte[]> tombstone(byte[] key, long timestamp) {
        return new Record<>(key, null, timestamp);
    }
}
