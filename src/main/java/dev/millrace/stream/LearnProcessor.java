package dev.millrace.stream;

import dev.millrace.alarm.Alarm;
import dev.millrace.avro.ExampleRecord;
import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserRemoval;
import dev.millrace.batch.MiniBatch;
import dev.millrace.generation.GenerationFact;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.VectorStoreRecords;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.BatchCodec;
import dev.millrace.wire.EmbeddingRecords;
import dev.millrace.wire.ExampleCodec;
import dev.millrace.wire.GenerationRecords;
import dev.millrace.wire.ModelUpdate;
import dev.millrace.wire.ModelUpdateRecords;
import dev.millrace.wire.OutputCodec;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.UndecodableException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The trainer as a processor: collects examples into batches and learns from them, or learns from the log alone.
 *
 * <p>Only when a batch is closed, and when a commit is asked for, depends on the clock; what is in a batch goes to the log before it
 * is learnt.
 */
final class LearnProcessor implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Trainer> {

    /** Where batches come from. */
    enum Source {
        /** Made here, of training examples, and written to the log. */
        EXAMPLES,
        /** Read from the log that another writes. */
        LOG,
        /** As {@link #LOG}, and nothing is published but progress: a shadow of the learner that writes the log. */
        LOG_IN_SHADOW
    }

    private static final Logger LOG = LoggerFactory.getLogger(LearnProcessor.class);
    private static final String BEHIND = "the learner is catching up with the log";
    private static final Duration IDLE = Duration.ofSeconds(2);
    private static final long NEAR_THE_END = 50; // the ends of transactions, and what was aborted, are offsets too

    private final Source source;
    private final TopicNames topics;
    private final Supplier<Trainer> trainers;
    private final Duration maxWait;
    private final AvroWire wire;
    private final GenerationTerms terms;
    private final String part;
    private final Optional<VectorStoreRecords> vectorStore;

    // set by init, which Kafka calls before all else
    private ProcessorContext<byte[], byte[]> context;
    private Outlet outlet;
    private NodeScope scope;
    private WriteThroughStore<Trainer> store;
    private long commitIntervalMillis;
    private Optional<Cancellable> waiting = Optional.empty(); // while a batch is open
    private boolean isStepToShow;
    private long shownAt; // a step last, wall clock
    private Optional<String> toldWithheld = Optional.empty();
    private Set<Alarm.Kind> toldAlarms = Set.of();
    private boolean isBehind;
    private boolean isIdle = true; // no record since last looked
    private long lastOffset = -1;

    /**
     * @param trainers makes an empty one
     * @param maxWait longest that an open batch waits to become full
     * @param terms of the generation that is published
     */
    @SuppressWarnings("NullAway.Init")
    LearnProcessor(
            Source source,
            TopicNames topics,
            Supplier<Trainer> trainers,
            Duration maxWait,
            AvroWire wire,
            GenerationTerms terms) {
        this.source = source;
        this.topics = topics;
        this.trainers = trainers;
        this.maxWait = maxWait;
        this.wire = wire;
        this.terms = terms;
        this.part = source == Source.EXAMPLES
                ? MillraceTopology.LEARNER_PART
                : MillraceTopology.logLearnerPart(terms.application());
        this.isBehind = source == Source.LOG;
        this.vectorStore = topics.vectorStore().map(VectorStoreRecords::new);
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> initialised) {
        context = initialised;
        outlet = new Outlet(context, wire);
        scope = NodeScope.of(context);
        store = context.getStateStore(MillraceTopology.LEARNER_STORE);
        store.own(this);
        commitIntervalMillis =
                Long.parseLong(String.valueOf(context.appConfigs().get(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG)));
        if (source == Source.EXAMPLES) {
            awaitFull(); // a batch may have been open when the last commit was made
        } else if (source == Source.LOG) {
            context.schedule(IDLE, PunctuationType.WALL_CLOCK_TIME, now -> lookWhetherIdle());
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Trainer trainer = store.change(Outlet.origin(context));
        switch (source) {
            case EXAMPLES -> {
                Object entry = decode(TrainingRecord.class, record).getEntry();
                if (entry instanceof ExampleRecord example) {
                    trainer.add(ExampleCodec.toCore(example));
                } else if (entry instanceof UserRemoval removal) {
                    trainer.removeUser(removal.getUserId());
                } else {
                    trainer.change(ExampleCodec.toCore(entry));
                }
                if (trainer.isBatchReady()) {
                    closeAndLearn(trainer);
                } else if (waiting.isEmpty() && trainer.hasOpenWork()) {
                    awaitFull();
                }
            }
            case LOG, LOG_IN_SHADOW -> {
                isIdle = false;
                isBehind = context.currentSystemTimeMs() - record.timestamp()
                        > terms.catchUpLag().toMillis();
                lastOffset = Outlet.origin(context).offset();
                learn(trainer, BatchCodec.toCore(decode(MiniBatchRecord.class, record)));
            }
        }
    }

    @Override
    public Trainer fresh() {
        return trainers.get();
    }

    @Override
    public void discard(Trainer trainer) {
        trainer.close();
    }

    @Override
    public void restored(Trainer trainer) {
        try {
            trainer.requireWhole();
        } catch (CorruptEntryException notWhole) {
            throw new IllegalStateException(
                    "the learner's state is not what its last commit wrote: " + notWhole.getMessage()
                            + "; stop, remove stream.state-directory and start: it is then restored from the changelog, and if "
                            + "that has lost entries too, this comes again (docs/operations.md, \"Starting from nothing\")",
                    notWhole);
        }
    }

    /** Publishes, then writes what changed: the publication's own cursor is part of it. */
    @Override
    public void beforeCommit(Trainer trainer) {
        long now = context.currentSystemTimeMs();
        if (isStepToShow) {
            isStepToShow = false;
            shownAt = now;
        }
        scope.run(() -> {
            String generation = trainer.generation();
            long step = trainer.step();
            boolean isPublished = source != Source.LOG_IN_SHADOW;
            if (!isPublished) {
                trainer.keepGenerationUnknown();
            } else if (trainer.startGeneration()) {
                send(fact(trainer, GenerationFact.Kind.STARTED, now));
            }
            boolean isHeld = isBehind && !trainer.isGenerationComplete();
            List<ItemEmbedding> embeddings = trainer.publish(isHeld ? Optional.of(BEHIND) : Optional.empty());
            boolean isWithheld = trainer.withheld().isPresent();
            if (isPublished) {
                embeddings.forEach(embedding -> send(embedding, generation, now));
                tell(trainer.withheld());
                if (trainer.completeGeneration()) {
                    complete(trainer, now);
                }
            }
            store.drain((key, value) -> {
                if (isPublished && trainer.isQuerySide(key) && (value.isEmpty() || !isWithheld)) {
                    sendUpdate(generation, step, key, value, now);
                }
            });
            TrainingProgress progress = trainer.progress(); // after the drain: the digest covers what was written
            tell(progress.alarms());
            outlet.send(
                    MillraceTopology.TO_PROGRESS,
                    topics.trainingProgress(),
                    part,
                    OutputCodec.toAvro(
                            new PartProgress(part, now, progress.books(), store.positions(), Optional.of(progress))),
                    now);
        });
    }

    private void awaitFull() {
        waiting = Optional.of(context.schedule(maxWait, PunctuationType.WALL_CLOCK_TIME, now -> closeWaiting()));
    }

    private void waitNoLonger() {
        waiting.ifPresent(Cancellable::cancel);
        waiting = Optional.empty();
    }

    private void closeWaiting() {
        waitNoLonger();
        if (store.state().hasOpenWork()) {
            closeAndLearn(store.change());
        }
    }

    private void closeAndLearn(Trainer trainer) {
        waitNoLonger();
        MiniBatch batch = trainer.closeBatch();
        outlet.send(
                MillraceTopology.TO_BATCHES,
                topics.miniBatches(),
                Long.toString(batch.step()),
                BatchCodec.toAvro(batch),
                context.currentSystemTimeMs());
        learn(trainer, batch);
    }

    private void learn(Trainer trainer, MiniBatch batch) {
        showSoon();
        if (trainer.learn(batch) instanceof StepOutcome.Refused refused) {
            LOG.atWarn()
                    .addKeyValue("step", batch.step())
                    .addKeyValue("found", refused.message())
                    .log("A step would have harmed the model and was left out");
            if (source != Source.LOG_IN_SHADOW) {
                outlet.sendRefusedStep(
                        MillraceTopology.LEARN_TO_DEAD_LETTERS, batch.step(), topics.miniBatches(), refused.message());
            }
        }
    }

    /** A step is committed, and so shown, at once, unless another was within the interval: then it is with the next one that is due. */
    private void showSoon() {
        isStepToShow = true;
        if (context.currentSystemTimeMs() - shownAt >= commitIntervalMillis) {
            context.commit();
        }
    }

    private void tell(Optional<String> withheld) {
        boolean isBehindOnly = withheld.filter(BEHIND::equals).isPresent();
        boolean wasHeldBack = toldWithheld.filter(why -> !why.equals(BEHIND)).isPresent();
        if (isBehindOnly && toldWithheld.isEmpty()) {
            LOG.info("The learner catches up with the log, and publishes then");
        } else if (withheld.isPresent() && !isBehindOnly && !wasHeldBack) {
            LOG.atError()
                    .addKeyValue("why", withheld.get())
                    .log("Nothing but deletions is published until this has ended");
        } else if (withheld.isEmpty() && toldWithheld.isPresent()) {
            LOG.info("Everything is published again");
        }
        toldWithheld = withheld;
    }

    private void tell(List<Alarm> alarms) {
        Set<Alarm.Kind> active = EnumSet.noneOf(Alarm.Kind.class);
        for (Alarm alarm : alarms) {
            if (alarm.isActive()) {
                active.add(alarm.kind());
            }
            if (alarm.isActive() != toldAlarms.contains(alarm.kind())) {
                LOG.atWarn()
                        .addKeyValue("alarm", alarm.kind().text())
                        .addKeyValue("value", alarm.value())
                        .addKeyValue("limit", alarm.limit())
                        .log(alarm.isActive() ? "The model is beyond a limit" : "The model is within a limit again");
            }
        }
        toldAlarms = active;
    }

    /** All vectors of the generation are out: each partition is told behind them, and those who choose what answers. */
    private void complete(Trainer trainer, long now) {
        outlet.send(
                MillraceTopology.TO_EMBEDDINGS,
                topics.itemEmbeddings(),
                EmbeddingRecords.markKey(trainer.generation()),
                OutputCodec.mark(trainer.generation(), trainer.step(), topics.miniBatches()),
                now);
        send(fact(trainer, GenerationFact.Kind.COMPLETE, now));
        if (terms.isPromotedWhenComplete()) {
            send(fact(trainer, GenerationFact.Kind.PROMOTED, now));
        }
        LOG.atInfo()
                .addKeyValue("generation", trainer.generation())
                .addKeyValue("step", trainer.step())
                .log("All items of the generation are published"
                        + (terms.isPromotedWhenComplete() ? ", it is to answer" : ""));
    }

    private GenerationFact fact(Trainer trainer, GenerationFact.Kind kind, long now) {
        return new GenerationFact(
                trainer.generation(),
                kind,
                now,
                trainer.step(),
                trainer.catalogueSize(),
                terms.application(),
                kind == GenerationFact.Kind.STARTED ? terms.settings() : new TreeMap<>());
    }

    private void send(GenerationFact fact) {
        outlet.send(
                MillraceTopology.TO_GENERATIONS,
                topics.generations(),
                GenerationRecords.key(fact),
                GenerationRecords.toAvro(fact),
                fact.at());
    }

    /** A log that brings nothing for a while, and is at its end, has no more: its last batch may be old all the same. */
    private void lookWhetherIdle() {
        if (isBehind && isIdle && terms.logEnd().getAsLong() - lastOffset <= NEAR_THE_END) {
            isBehind = false;
            store.change(); // so that there is a commit, and with it a publication
        }
        isIdle = true;
    }

    private void send(ItemEmbedding embedding, String generation, long now) {
        byte[] key = EmbeddingRecords.key(generation, embedding.item());
        vectorStore.ifPresent(records -> sendAsJson(records, embedding, now));
        if (embedding.vector().isEmpty()) {
            outlet.sendTombstone(MillraceTopology.TO_EMBEDDINGS, key, now);
            return;
        }
        outlet.send(
                MillraceTopology.TO_EMBEDDINGS,
                topics.itemEmbeddings(),
                key,
                OutputCodec.toAvro(embedding, embedding.vector().get(), topics.miniBatches()),
                now);
    }

    private void sendAsJson(VectorStoreRecords records, ItemEmbedding embedding, long now) {
        byte[] key = records.key(embedding.item());
        embedding
                .vector()
                .ifPresentOrElse(
                        vector -> outlet.sendBytes(
                                MillraceTopology.TO_VECTOR_STORE, key, records.value(embedding, vector), now),
                        () -> outlet.sendTombstone(MillraceTopology.TO_VECTOR_STORE, key, now));
    }

    private void sendUpdate(String generation, long step, byte[] key, Optional<byte[]> value, long now) {
        byte[] recordKey = ModelUpdateRecords.key(generation, key);
        if (value.isEmpty()) {
            outlet.sendTombstone(MillraceTopology.TO_UPDATES, recordKey, now);
            return;
        }
        outlet.send(
                MillraceTopology.TO_UPDATES,
                topics.modelUpdates(),
                recordKey,
                ModelUpdateRecords.toAvro(new ModelUpdate(generation, step, key, value), value.get()),
                now);
    }

    /** An internal record that cannot be read breaks the log: nothing may be learnt past it. */
    private <T extends SpecificRecord> T decode(Class<T> type, Record<byte[], byte[]> record) {
        try {
            return wire.decode(type, record.value());
        } catch (UndecodableException broken) {
            RecordMetadata from = Outlet.origin(context);
            throw new IllegalStateException(
                    "record at offset " + from.offset() + " of " + from.topic() + "-" + from.partition()
                            + " cannot be read, learning stops before it: " + broken.getMessage(),
                    broken);
        }
    }
}
