package dev.millrace.stream;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Rejected;
import dev.millrace.event.UnusableEventException;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Attribution as a processor of one user partition. */
final class AttributeProcessor
        implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Attribution>, Attribution.Output {

    private final TopicNames topics;
    private final AttributionSettings settings;
    private final KeptSettings kept;
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
    private KeyValueStore<Bytes, byte[]> entries;
    private WriteThroughStore<Attribution> books;

    @SuppressWarnings("NullAway.Init")
    AttributeProcessor(
            TopicNames topics,
            AttributionSettings settings,
            KeptSettings kept,
            AvroWire wire,
            PartitionCheck placement,
            CommitPaces paces) {
        this.topics = topics;
        this.settings = settings;
        this.kept = kept;
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
        progress = new TaskProgress(context, wire, topics.trainingProgress(), MillraceTopology.TO_PROGRESS);
        entries = context.getStateStore(MillraceTopology.ATTRIBUTION_STORE);
        books = context.getStateStore(MillraceTopology.ATTRIBUTION_BOOKS_STORE);
        books.own(this, commits);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        commits.whenDue();
        RecordMetadata from = Outlet.origin(context);
        InputTopic topic = logicalTopic(from.topic());
        Attribution attribution = books.change(from);
        Consumer<Attribution> event;
        try {
            event = read(topic, record, attribution.latestCredible(context.currentSystemTimeMs()));
            placement.require(record, from);
        } catch (UndecodableException | UnusableEventException broken) {
            Rejected rejected = outlet.sendDeadLetter(MillraceTopology.TO_DEAD_LETTERS, record, broken);
            attribution.reject(topic, rejected);
            return;
        }
        event.accept(attribution);
    }

    @Override
    public KeptSettings settings() {
        return kept;
    }

    @Override
    public Attribution fresh(EntrySource stored) {
        return new Attribution(settings, new StoreEntries(entries), this);
    }

    @Override
    public void beforeCommit(Attribution attribution) {
        progress.send(attribution.books(), books);
    }

    @Override
    public void example(TrainingExample example) {
        outlet.send(
                MillraceTopology.TO_EXAMPLES,
                Utf8.bytes(example.user().user()),
                training.encode(topics.trainingExamples(), example),
                example.time());
    }

    @Override
    public void userFeatures(UserFeatures user) {
        outlet.send(
                MillraceTopology.TO_USER_FEATURES,
                Topic.USER_FEATURES.key(user),
                wire.encode(Topic.USER_FEATURES, topics.userFeatures(), user),
                context.currentSystemTimeMs());
    }

    @Override
    public void userRemoved(String user) {
        long now = context.currentSystemTimeMs();
        byte[] key = Utf8.bytes(user);
        outlet.sendTombstone(MillraceTopology.TO_USER_FEATURES, key, now);
        outlet.send(
                MillraceTopology.TO_EXAMPLES, key, training.encodeUserRemoval(topics.trainingExamples(), user), now);
    }

    private Consumer<Attribution> read(InputTopic topic, Record<byte[], byte[]> record, long latest) {
        return switch (topic) {
            case EXPOSURES -> {
                var exposure = reader.exposure(record);
                requireCredible(exposure.time(), latest);
                yield attribution -> attribution.expose(exposure);
            }
            case CLICKS -> {
                var click = reader.click(record);
                requireCredible(click.time(), latest);
                // what a client says of its sending moves the figures of freshness
                var credible =
                        click.sentWithin(click.time() - settings.maxAhead().toMillis(), latest);
                yield attribution -> attribution.click(credible);
            }
            case USERS -> {
                if (EventReader.isTombstone(record)) {
                    String user = reader.removedUser(record);
                    yield attribution -> attribution.removeUser(user);
                }
                var profile = reader.profile(record);
                requireCredible(profile.time(), latest);
                yield attribution -> attribution.profile(profile);
            }
            case ITEMS, EXAMPLES, BATCHES ->
                throw new IllegalStateException(topic.label() + " came to the attribution, which reads none");
        };
    }

    private void requireCredible(long eventTime, long latest) {
        if (eventTime > latest) {
            throw UnusableEventException.tooFarAhead(Long.toString(eventTime), settings.maxAhead());
        }
    }

    private InputTopic logicalTopic(String name) {
        if (name.equals(topics.exposures())) {
            return InputTopic.EXPOSURES;
        }
        return name.equals(topics.clicks()) ? InputTopic.CLICKS : InputTopic.USERS;
    }
}
