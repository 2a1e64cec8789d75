package dev.millrace.stream;

import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.wire.TrainingRecords;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Appends catalogue changes to the learner's input, which gives all of them one order, and counts them. */
final class ItemsProcessor implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Books> {

    private final EventTask.Shared shared;
    private final TrainingRecords training;
    private final EventReader reader;
    private EventTask<Books> task; // set by init, which Kafka calls before all else

    @SuppressWarnings("NullAway.Init")
    ItemsProcessor(EventTask.Shared shared) {
        this.shared = shared;
        this.training = new TrainingRecords(shared.wire());
        this.reader = new EventReader(shared.wire());
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        task = new EventTask<>(
                context,
                shared,
                "attribute",
                MillraceTopology.ITEM_BOOKS_STORE,
                this,
                MillraceTopology.ITEMS_TO_PROGRESS,
                MillraceTopology.ITEMS_TO_DEAD_LETTERS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Books books = task.change();
        task.read(
                        record,
                        () -> reader.change(record),
                        rejected -> books.settle(
                                InputTopic.ITEMS,
                                Outcome.REJECTED,
                                rejected.reason().label()))
                .ifPresent(change -> {
                    books.settle(InputTopic.ITEMS, change.isRemoval() ? Outcome.REMOVED : Outcome.APPLIED);
                    task.outlet()
                            .send(
                                    MillraceTopology.ITEMS_TO_EXAMPLES,
                                    Utf8.bytes(change.itemId()),
                                    Optional.of(training.encode(shared.topics().trainingExamples(), change)),
                                    record.timestamp());
                });
    }

    @Override
    public Books fresh(EntrySource stored) {
        return new Books();
    }

    @Override
    public void beforeCommit(Books state) {
        task.commit(state);
    }
}
