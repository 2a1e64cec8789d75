package dev.millrace.stream;

import dev.millrace.batch.MiniBatch;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.EntryKind;
import dev.millrace.train.LogLag;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * The trainer as a processor: collects examples into batches and learns from them, or learns from the log alone.
 *
 * <p>The wall clock decides when a batch is closed and how large it may be, when announced items come, and when a commit is asked for. A
 * batch is written to the log before it is learnt, so a replay needs no clock.
 */
final class LearnProcessor implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Trainer> {

    /** Where batches come from. */
    enum Source {
        /** Made here from training examples, and written to the log. */
        EXAMPLES,
        /** Read from the log that another writes. */
        LOG,
        /** As {@link #LOG}, but only progress is published: a shadow of the learner that writes the log. */
        LOG_IN_SHADOW
    }

    private static final Duration IDLE = Duration.ofSeconds(2);
    private static final Duration SOON = Duration.ofMillis(1);

    private final Source source;
    private final TopicNames topics;
    private final AvroWire wire;
    private final MillraceTopology.Learner learner;
    private final GenerationTerms terms;
    private final KeptSettings kept;
    private final String part;
    private final CommitPace.OfThreads paces;
    private final LogLag catchUp;
    private final LearnerNotices notices = new LearnerNotices();

    // set by init, which Kafka calls before all else
    private ProcessorContext<byte[], byte[]> context;
    private Outlet outlet;
    private Publication publication;
    private WriteThroughStore<Trainer> store;
    private CommitRequests commits;
    private CommitRequests.Wait wait; // while a batch is open
    private final Backlog backlog = new Backlog(); // of the open batch
    private ItemArrivals arrivals;
    private boolean isPublicationUnfinished;
    private Context trace = Context.root(); // of the last record; a batch that it closes or leaves open is of its trace

    @SuppressWarnings("NullAway.Init")
    LearnProcessor(
            Source source,
            TopicNames topics,
            AvroWire wire,
            MillraceTopology.Learner learner,
            CommitPace.OfThreads paces) {
        this.source = source;
        this.topics = topics;
        this.wire = wire;
        this.learner = learner;
        this.paces = paces;
        this.terms = learner.terms();
        this.kept = TrainerSettings.kept(terms.settings());
        this.part = source == Source.EXAMPLES ? PartProgress.LEARNER : PartProgress.logLearner(terms.application());
        this.catchUp = new LogLag(source == Source.LOG, terms.catchUpLag(), terms.logEnd());
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> initialised) {
        context = initialised;
        outlet = new Outlet(context, wire);
        publication = new Publication(outlet, topics, topics.miniBatches(), terms, notices);
        store = context.getStateStore(MillraceTopology.LEARNER_STORE);
        commits = new CommitRequests(context, paces);
        store.own(this, commits);
        wait = new CommitRequests.Wait(context);
        backlog.clear();
        arrivals = new ItemArrivals(context);
        if (source == Source.EXAMPLES) {
            awaitFull(); // a batch may have been open when the last commit was made
            arrivals.begin(this::lookForArrivals); // and items may have waited
        } else if (source == Source.LOG) {
            context.schedule(IDLE, PunctuationType.WALL_CLOCK_TIME, now -> lookForTheEnd());
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata from = outlet.origin();
        trace = Context.current();
        Trainer trainer = store.change(from);
        try {
            if (source == Source.EXAMPLES) {
                arrivals.follow(trainer);
                new TrainingRecords(wire)
                        .decode(
                                record.value(),
                                example -> {
                                    trainer.add(example);
                                    backlog.add(example, context.currentSystemTimeMs());
                                    arrivals.heard(trainer);
                                },
                                trainer::change,
                                trainer::removeUser);
                closeIfReady(trainer);
                arrivals.await(trainer, this::lookForArrivals);
            } else {
                catchUp.read(context.currentSystemTimeMs() - record.timestamp(), from.offset());
                learn(
                        trainer,
                        wire.decode(Topic.MINI_BATCHES, record.key(), record.value())
                                .orElseThrow());
            }
        } catch (UndecodableException broken) {
            throw outlet.broken(broken);
        }
    }

    @Override
    public KeptSettings settings() {
        return kept;
    }

    @Override
    public Trainer fresh(EntrySource stored) {
        return learner.trainers().apply(stored);
    }

    @Override
    public List<byte[]> readLater() {
        return EntryKind.readLater();
    }

    @Override
    public void dropped(Trainer trainer) {
        trainer.close();
    }

    @Override
    public void restored(Trainer trainer) {
        try {
            trainer.requireWhole();
        } catch (CorruptEntryException notWhole) {
            throw new IllegalStateException(
                    "the learner's state is not what its last commit wrote: " + notWhole.getMessage()
                            + "; stop, remove stream.state-directory and start: it is then restored from the"
                            + " changelog, and if that has lost entries too, this comes again (docs/operations.md,"
                            + " \"Starting from nothing\")",
                    notWhole);
        }
    }

    /** Publishes, then writes what changed. The state of the publication is part of that, so publishing comes first. */
    @Override
    public void beforeCommit(Trainer trainer) {
        long now = context.currentSystemTimeMs();
        outlet.whileCommitting(trace.wrap(() -> {
            if (source == Source.LOG_IN_SHADOW) {
                commitInShadow(trainer);
            } else {
                publish(trainer, now);
            }
            TrainingProgress progress = trainer.progress(); // after the drain: the digest covers what was written
            notices.alarms(progress.alarms());
            PartProgress said = new PartProgress(part, now, progress.books(), store.positions(), Optional.of(progress));
            outlet.send(MillraceTopology.TO_PROGRESS, Topic.TRAINING_PROGRESS, topics.trainingProgress(), said, now);
        }));
    }

    /** Takes the vectors that are due, and sends none. */
    private void commitInShadow(Trainer trainer) {
        trainer.keepGenerationUnknown();
        trainer.publish(hold(trainer), embedding -> {});
        store.drain((key, value) -> {});
    }

    private void publish(Trainer trainer, long now) {
        isPublicationUnfinished = publication.publish(trainer, hold(trainer), now, store::drain);
        if (isPublicationUnfinished) {
            commits.after(SOON, store::change); // publishes the next part
        }
    }

    /** Returns the reason why nothing may be published yet; empty if it may. */
    private Optional<String> hold(Trainer trainer) {
        // once it has begun, a publication ends, even if the log grows longer meanwhile
        return catchUp.isBehind() && !trainer.isGenerationComplete() && !isPublicationUnfinished
                ? Optional.of(LearnerNotices.BEHIND)
                : Optional.empty();
    }

    private void awaitFull() {
        wait.begin(learner.maxWait(), this::closeWaiting);
    }

    private void closeWaiting() {
        if (store.state().hasOpenWork()) {
            trace.wrap(() -> closeAndLearn(store.change())).run();
        }
    }

    private void lookForArrivals() {
        Trainer trainer = store.state();
        arrivals.follow(trainer);
        if (trainer.hasOpenWork()) {
            trace.wrap(() -> closeIfReady(store.change())).run();
        }
        arrivals.await(trainer, this::lookForArrivals);
    }

    private void closeIfReady(Trainer trainer) {
        while (trainer.isBatchReady(
                backlog.isMost())) { // more than once if more announced items are due at once than a batch takes
            closeAndLearn(trainer);
        }
        if (!wait.isOn() && trainer.hasOpenWork()) {
            awaitFull();
        }
    }

    private void closeAndLearn(Trainer trainer) {
        wait.cancel();
        MiniBatch batch = trainer.closeBatch();
        backlog.clear();
        long now = context.currentSystemTimeMs();
        outlet.send(MillraceTopology.TO_BATCHES, Topic.MINI_BATCHES, topics.miniBatches(), batch, now);
        learn(trainer, batch);
    }

    private void learn(Trainer trainer, MiniBatch batch) {
        commits.whenDue();
        trainer.learn(batch).refusal().ifPresent(message -> {
            notices.refused(batch.step(), message);
            if (source != Source.LOG_IN_SHADOW) {
                outlet.sendRefusedStep(
                        MillraceTopology.LEARN_TO_DEAD_LETTERS, batch.step(), topics.miniBatches(), message);
            }
        });
    }

    private void lookForTheEnd() {
        if (catchUp.endsAtTheEnd()) {
            store.change();
            context.commit(); // and with it a publication
        }
    }
}
