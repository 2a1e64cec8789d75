package dev.millrace.stream;

import dev.millrace.batch.CatalogueChange;
import dev.millrace.event.Rejected;
import dev.millrace.event.UnusableEventException;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Appends catalogue changes to the training examples, which gives all of them one order, and counts them. */
final class ItemsProcessor implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Books> {

    private final TopicNames topics;
    private final TrainingRecords training;
    private final AvroWire wire;
    private final EventReader reader;
    private final PartitionCheck placement;
    private final CommitPaces paces;

    // set by init, which Kafka calls before all else
    private ProcessorContext<byte[], byte[]> context;
    private Outlet outlet;
    private CommitRequests commits;
    private TaskProgress progress;
    private WriteThroughStore<Books> books;

    @SuppressWarnings("NullAway.Init")
    ItemsProcessor(TopicNames topics, AvroWire wire, PartitionCheck placement, CommitPaces paces) {
        this.topics = topics;
        this.training = new TrainingRecords(wire);
        this.wire = wire;
        this.reader = new EventReader(wire);
        this.placement = placement;
        this.paces = paces;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> initialised) {
        context = initialised;
        outlet = new Outlet(context);
        commits = new CommitRequests(context, paces);
        progress = new TaskProgress(context, wire, topics.trainingProgress(), MillraceTopology.ITEMS_TO_PROGRESS);
        books = context.getStateStore(MillraceTopology.ITEM_BOOKS_STORE);
        books.own(this, commits);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        commits.whenDue();
        RecordMetadata from = Outlet.origin(context);
        Books account = books.change(from);
        CatalogueChange change;
        try {
            change = reader.change(record);
            placement.require(record, from);
        } catch (UndecodableException | UnusableEventException broken) {
            Rejected rejected = outlet.sendDeadLetter(MillraceTopology.ITEMS_TO_DEAD_LETTERS, record, broken);
            account.settle(InputTopic.ITEMS, Outcome.REJECTED, rejected.reason().label());
            return;
        }
        account.settle(InputTopic.ITEMS, change.isRemoval() ? Outcome.REMOVED : Outcome.APPLIED);
        outlet.send(
                MillraceTopology.ITEMS_TO_EXAMPLES,
                Utf8.bytes(change.itemId()),
                training.encode(topics.trainingExamples(), change),
                record.timestamp());
    }

    @Override
    public Books fresh(EntrySource stored) {
        return new Books();
    }

    @Override
    public void beforeCommit(Books state) {
        progress.send(state, books);
    }
}
