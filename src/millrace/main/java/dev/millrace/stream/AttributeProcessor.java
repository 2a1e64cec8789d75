package dev.millrace.stream;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Rejected;
import dev.millrace.event.UnusableEventException;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Attribution as a processor of one user partition. */
final class AttributeProcessor
        implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Attribution>, Attribution.Output {

    private final EventTask.Shared shared;
    private final AttributionSettings settings;
    private final KeptSettings kept;
    private final TrainingRecords training;
    private final ExperimentReference.Lookup experiments;
    private final EventReader reader;
    // set by init, which Kafka calls before all else
    private ProcessorContext<byte[], byte[]> context;
    private EventTask<Attribution> task;
    private AttributionCommit.Open open; // what was read since the last commit

    @SuppressWarnings("NullAway.Init")
    AttributeProcessor(
            EventTask.Shared shared,
            AttributionSettings settings,
            KeptSettings kept,
            ExperimentReference.Lookup experiments) {
        this.shared = shared;
        this.settings = settings;
        this.kept = kept;
        this.experiments = experiments;
        this.training = new TrainingRecords(shared.wire());
        this.reader = new EventReader(shared.wire());
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> initialised) {
        context = initialised;
        task = new EventTask<>(
                context,
                shared,
                "attribute",
                MillraceTopology.ATTRIBUTION_BOOKS_STORE,
                this,
                MillraceTopology.TO_PROGRESS,
                MillraceTopology.TO_DEAD_LETTERS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        InputTopic topic = logicalTopic(task.outlet().origin().topic());
        Attribution attribution = task.change();
        long latest = open.read(topic, task.outlet().origin().offset(), context.currentSystemTimeMs(), attribution);
        Consumer<Rejected> rejected = why -> {
            open.reject(why.reason().label());
            attribution.reject(topic, why.reason().label());
        };
        if (EventReader.isExperiment(topic, record)) {
            task.readAnywhere(record, () -> reader.experiment(record, experiments), rejected)
                    .ifPresent(ordered -> attribution.experiment(
                            topic, ordered.state(), ordered.reference().offset()));
            return;
        }
        task.read(record, () -> read(topic, record, latest), rejected).ifPresent(event -> event.accept(attribution));
    }

    @Override
    public KeptSettings settings() {
        return kept;
    }

    @Override
    public Attribution fresh(EntrySource stored) {
        open = new AttributionCommit.Open(
                context.taskId().partition(), settings); // what was read went with the state before
        return new Attribution(
                settings, new StoreEntries(context.getStateStore(MillraceTopology.ATTRIBUTION_STORE)), this);
    }

    @Override
    public void beforeCommit(Attribution attribution) {
        task.outlet().whileCommitting(() -> open.close().ifPresent(this::send));
        task.commit(
                attribution.books(),
                attribution.experiment().map(latest -> new PartProgress.Counted(latest, attribution.experimentSums())));
    }

    @Override
    public void example(TrainingExample example) {
        byte[] value = training.encode(shared.topics().trainingExamples(), example);
        sendExample(example.user().user(), value, example.time());
    }

    @Override
    public void userFeatures(UserFeatures user) {
        task.outlet()
                .send(
                        MillraceTopology.TO_USER_FEATURES,
                        Topic.USER_FEATURES,
                        shared.topics().userFeatures(),
                        user,
                        context.currentSystemTimeMs());
    }

    @Override
    public void userRemoved(String user) {
        long now = context.currentSystemTimeMs();
        task.outlet().send(MillraceTopology.TO_USER_FEATURES, Utf8.bytes(user), Optional.empty(), now);
        sendExample(user, training.encodeUserRemoval(shared.topics().trainingExamples(), user), now);
    }

    private void send(AttributionCommit commit) {
        task.outlet()
                .send(
                        MillraceTopology.TO_COMMITS,
                        Topic.ATTRIBUTION_COMMITS,
                        shared.topics().attributionCommits(),
                        commit,
                        context.currentSystemTimeMs());
    }

    private void sendExample(String user, byte[] value, long time) {
        task.outlet().send(MillraceTopology.TO_EXAMPLES, Utf8.bytes(user), Optional.of(value), time);
    }

    /** Reads a record's event. The result hands it to the attribution, once its partition has been checked, too. */
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
                // the time of sending, which clients give, moves the figures of freshness
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
        if (name.equals(shared.topics().exposures())) {
            return InputTopic.EXPOSURES;
        }
        return name.equals(shared.topics().clicks()) ? InputTopic.CLICKS : InputTopic.USERS;
    }
}
