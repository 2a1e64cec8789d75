package dev.millrace.stream;

import dev.millrace.event.Rejected;
import dev.millrace.event.Rejection;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorNode;

/**
 * Forwards a processor's records to its sinks, by name; also while its task commits. Times are epoch milliseconds, wall clock.
 *
 * <p>Forwarding goes to the children of the context's current node, and during a commit there is none. Kafka's own caching
 * stores set the node the same way when their flush forwards.
 */
final class Outlet {

    private final InternalProcessorContext<byte[], byte[]> context;
    private final ProcessorNode<?, ?, ?, ?> node;
    private final AvroWire wire;

    /** @param initialised context of the processor whose {@code init} is running */
    Outlet(ProcessorContext<byte[], byte[]> initialised, AvroWire wire) {
        if (!(initialised instanceof InternalProcessorContext<byte[], byte[]> internal)
                || internal.currentNode() == null) {
            throw new IllegalStateException(
                    "expected the context of an active task in init, found " + initialised.getClass());
        }
        this.context = internal;
        this.node = internal.currentNode();
        this.wire = wire;
    }

    /** Runs what forwards records while the task commits, outside of {@code process}. */
    void whileCommitting(Runnable forwarding) {
        ProcessorNode<?, ?, ?, ?> before = context.currentNode();
        context.setCurrentNode(node);
        try {
            forwarding.run();
        } finally {
            context.setCurrentNode(before);
        }
    }

    /** @param name of the topic in the cluster */
    <T> void send(String sink, Topic<T> topic, String name, T value, long timestamp) {
        send(sink, topic.key(value), wire.encode(topic, name, value), timestamp);
    }

    /** @param value absent to delete the key */
    @SuppressWarnings("NullAway") // Kafka's records are not annotated; a null value is what a tombstone is
    void send(String sink, byte[] key, Optional<byte[]> value, long timestamp) {
        context.forward(new Record<>(key, value.orElse(null), timestamp), sink);
    }

    /** Sends the dead letter of a record that could not be used. */
    <E extends RuntimeException & Rejection> Rejected sendDeadLetter(
            String sink, Record<byte[], byte[]> record, E broken) {
        Rejected rejected = broken.rejected();
        context.forward(DeadLetter.of(record, origin(), rejected, broken.getClass()), sink);
        return rejected;
    }

    /** Sends the dead letter of a refused step. */
    void sendRefusedStep(String sink, long step, String logTopic, String message) {
        // outside of process there is a record without a topic
        Optional<RecordMetadata> from = context.recordMetadata()
                .filter(origin -> !String.valueOf(origin.topic()).equals("null"));
        context.forward(DeadLetter.ofStep(step, logTopic, message, from, context.currentSystemTimeMs()), sink);
    }

    /** What a task fails with at an internal record that cannot be read: the log is broken, and nothing may be learnt past it. */
    IllegalStateException broken(Exception why) {
        return new IllegalStateException(
                "record at offset " + origin().offset() + " of " + origin().topic() + "-" + origin().partition()
                        + " cannot be read, learning stops before it: " + why.getMessage(),
                why);
    }

    /** Where the record that is being processed came from. */
    RecordMetadata origin() {
        return context.recordMetadata()
                .orElseThrow(() -> new IllegalStateException("asked for a record's origin outside of process"));
    }
}
