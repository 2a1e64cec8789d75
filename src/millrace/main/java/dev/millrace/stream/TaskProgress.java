package dev.millrace.stream;

import dev.millrace.state.Books;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/** Sends the progress of a task that reads events, while the task commits. Made in {@code init} of the task's processor. */
final class TaskProgress {

    private final ProcessorContext<byte[], byte[]> context;
    private final NodeScope scope;
    private final AvroWire wire;
    private final String topic;
    private final String sink;

    TaskProgress(ProcessorContext<byte[], byte[]> context, AvroWire wire, String topic, String sink) {
        this.context = context;
        this.scope = NodeScope.of(context);
        this.wire = wire;
        this.topic = topic;
        this.sink = sink;
    }

    /** @param store whose state has the books; writes what changed in it */
    void send(Books books, WriteThroughStore<?> store) {
        store.drain((key, value) -> {});
        PartProgress part = new PartProgress(
                "attribute-" + context.taskId(),
                context.currentSystemTimeMs(),
                books.accounts(),
                store.positions(),
                Optional.empty());
        scope.run(() -> new Outlet(context)
                .send(
                        sink,
                        Topic.TRAINING_PROGRESS.key(part),
                        wire.encode(Topic.TRAINING_PROGRESS, topic, part),
                        part.writtenAt()));
    }
}
