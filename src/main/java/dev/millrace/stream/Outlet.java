package dev.millrace.stream;

import dev.millrace.event.Rejected;
import dev.millrace.event.UnusableEventException;
import dev.millrace.state.Utf8;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.UndecodableException;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Where a processor's records go: encodes each for its topic and forwards it to the sink of that name. */
final class Outlet {

    private final ProcessorContext<byte[], byte[]> context;
    private final AvroWire wire;

    Outlet(ProcessorContext<byte[], byte[]> context, AvroWire wire) {
        this.context = context;
        this.wire = wire;
    }

    void send(String sink, String topic, String key, SpecificRecord value, long timestamp) {
        send(sink, topic, Utf8.bytes(key), value, timestamp);
    }

    void send(String sink, String topic, byte[] key, SpecificRecord value, long timestamp) {
        sendBytes(sink, key, wire.encode(topic, value), timestamp);
    }

    void sendBytes(String sink, byte[] key, byte[] value, long timestamp) {
        context.forward(new Record<>(key, value, timestamp), sink);
    }

    /** Says that the key is no more. */
    void sendTombstone(String sink, byte[] key, long timestamp) {
        context.forward(tombstone(key, timestamp), sink);
    }

    Rejected sendDeadLetter(String sink, Record<byte[], byte[]> record, RuntimeException broken) {
        Rejected rejected;
        if (broken instanceof UnusableEventException unusable) {
            rejected = unusable.rejected();
        } else if (broken instanceof UndecodableException undecodable) {
            rejected = undecodable.rejected();
        } else {
            throw broken;
        }
        context.forward(DeadLetter.of(record, origin(context), rejected, broken.getClass()), sink);
        return rejected;
    }

    /** Says that a step was refused, and where its batch is. */
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
