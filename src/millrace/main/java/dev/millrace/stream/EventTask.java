package dev.millrace.stream;

import dev.millrace.event.Rejected;
import dev.millrace.event.UnusableEventException;
import dev.millrace.state.Books;
import dev.millrace.state.Durable;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.UndecodableException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * A task that reads producers' events: it sends those that cannot be used to the dead letters, and its progress while it commits. Made in
 * {@code init} of its processor.
 *
 * @param <D> the task's state, which has its books
 */
final class EventTask<D extends Durable> {

    /** What all tasks of an application share. */
    record Shared(TopicNames topics, AvroWire wire, PartitionCheck placement, CommitPace.OfThreads paces) {}

    private final ProcessorContext<byte[], byte[]> context;
    private final Shared shared;
    private final String part;
    private final String toProgress;
    private final String toDeadLetters;
    private final WriteThroughStore<D> store;
    private final Outlet outlet;
    private final CommitRequests commits;

    /**
     * @param part first word of the name under which the task reports its progress
     * @param store name of the store that keeps the state
     */
    EventTask(
            ProcessorContext<byte[], byte[]> context,
            Shared shared,
            String part,
            String store,
            WriteThroughStore.Owner<D> owner,
            String toProgress,
            String toDeadLetters) {
        this.context = context;
        this.shared = shared;
        this.part = part;
        this.toProgress = toProgress;
        this.toDeadLetters = toDeadLetters;
        this.store = context.getStateStore(store);
        this.outlet = new Outlet(context, shared.wire());
        this.commits = new CommitRequests(context, shared.paces());
        this.store.own(owner, commits);
    }

    Outlet outlet() {
        return outlet;
    }

    /** Returns the state, which takes in the record that is being processed, and asks for a commit. */
    D change() {
        commits.whenDue();
        return store.change(outlet.origin());
    }

    /**
     * Reads the record that is being processed. What cannot be used, or is in the wrong partition, is sent to the dead letters.
     *
     * @param rejected told of what cannot be used
     */
    <T> Optional<T> read(Record<byte[], byte[]> record, Supplier<T> reader, Consumer<Rejected> rejected) {
        return readAnywhere(
                record,
                () -> {
                    T event = reader.get();
                    shared.placement().require(record, outlet.origin());
                    return event;
                },
                rejected);
    }

    /** As {@link #read}, for a record that may be in any partition. */
    <T> Optional<T> readAnywhere(Record<byte[], byte[]> record, Supplier<T> reader, Consumer<Rejected> rejected) {
        try {
            return Optional.of(reader.get());
        } catch (UndecodableException | UnusableEventException broken) {
            rejected.accept(outlet.sendDeadLetter(toDeadLetters, record, broken));
            return Optional.empty();
        }
    }

    /** As {@link #commit(Books, Optional)}, of a task that counts no experiment. */
    void commit(Books books) {
        commit(books, Optional.empty());
    }

    /** Writes what changed in the state, and sends the progress. Called before each commit. */
    void commit(Books books, Optional<PartProgress.Counted> experiment) {
        store.drain((key, value) -> {});
        PartProgress progress = new PartProgress(
                part + "-" + context.taskId(),
                context.currentSystemTimeMs(),
                books.accounts(),
                store.positions(),
                Optional.empty(),
                experiment);
        outlet.whileCommitting(() -> outlet.send(
                toProgress,
                Topic.TRAINING_PROGRESS,
                shared.topics().trainingProgress(),
                progress,
                progress.writtenAt()));
    }
}
