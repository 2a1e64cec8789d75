package dev.millrace.verify;

import dev.millrace.batch.MiniBatch;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.checkpoint.Lineage;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.merge.Base;
import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.operation.Progress;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.topic.BatchLog;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.BatchLog.LoggedBatch;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.Topic;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Compares what a learner published with its log: weights = f(settings, mini-batches up to a step), bit for bit.
 *
 * <p>Learns the log again in this process. Compares the digest of each step for which a learner published one. Compares every vector
 * that is on its topic now with the vector after the same step. Compares the items that have a vector with the catalogue.
 */
public final class ModelAudit {

    /**
     * What to audit, and how.
     *
     * @param step to end at; absent for the newest that was published
     * @param checkpoints folder of the checkpoints to begin from, where a new one is written; absent for neither
     */
    public record Scope(OptionalLong step, Optional<Path> checkpoints) {}

    private static final int DIFFERENCES_KEPT = 20;

    private final Cluster cluster;
    private final LearnerSettings learner;
    private final TrainerSettings trainer;
    private final Progress progress;
    private final Consumer<Path> beforeRename;

    /** @param progress told of each step that was learnt */
    public ModelAudit(Cluster cluster, LearnerSettings learner, Progress progress) {
        this(cluster, learner, progress, unfinished -> {});
    }

    /** @param beforeRename told of a checkpoint that is written, before the file gets its name */
    public ModelAudit(Cluster cluster, LearnerSettings learner, Progress progress, Consumer<Path> beforeRename) {
        this.cluster = cluster;
        this.learner = learner;
        this.trainer = learner.trainer();
        this.progress = progress;
        this.beforeRename = beforeRename;
    }

    /**
     * Audits.
     *
     * @throws InvalidSettingsException if these settings, or this engine, are not those of the learner
     * @throws BrokenLogException if the log's beginning is gone and no checkpoint reaches to what is left
     */
    public ModelReport run(Scope scope) {
        Optional<CheckpointDirectory> checkpoints = scope.checkpoints()
                .map(directory -> new CheckpointDirectory(directory, lineage(), sources(), beforeRename));
        checkpoints.ifPresent(CheckpointDirectory::prepare);
        try (Readers readers = new Readers();
                ScratchEntries entries = ScratchEntries.create();
                ReplayedShards begun = new ReplayedShards()) {
            return new AuditRun(scope, checkpoints, readers, entries, begun).run();
        }
    }

    /**
     * Writes the checkpoint that audits begin from of a generation that begins with the entries of another one's checkpoint.
     *
     * @param from header of that
     * @param entries of the learner, or of the base
     * @param shards entries of each shard; empty for one learner
     */
    public void keepBeginning(
            Path directory, Checkpoint.Header from, EntrySource entries, List<? extends EntrySource> shards) {
        CheckpointDirectory checkpoints = new CheckpointDirectory(directory, lineage(), sources(), beforeRename);
        checkpoints.prepare();
        checkpoints.requireFree(from.step());
        checkpoints.forget(); // those of an import that did not end
        if (shards.isEmpty()) {
            Path unused = checkpoints.write(
                    new Checkpoint(header(Checkpoint.Source.AUDIT, from.learnt(), from.log()), entries));
            return;
        }
        try (ScratchEntries all = ScratchEntries.create()) {
            entries.scanBut(new byte[0], List.of(), all::put);
            ReplayedShards.writeCount(shards.size(), all);
            for (int shard = 0; shard < shards.size(); shard++) {
                ReplayedShards.write(shard, 1, shards.get(shard), List.of(), all);
            }
            StepDigest ofBase =
                    new StepDigest(from.step(), Base.lastMark(entries).digest());
            Path unused = checkpoints.write(
                    new Checkpoint(header(Checkpoint.Source.AUDIT_OF_SHARDS, ofBase, Optional.empty()), all));
        }
    }

    private Set<Checkpoint.Source> sources() {
        return cluster.topics().areShared()
                ? EnumSet.of(Checkpoint.Source.AUDIT, Checkpoint.Source.AUDIT_OF_SHARDS)
                : EnumSet.of(Checkpoint.Source.AUDIT);
    }

    /** Readers of the topics: one for this thread, and one for each shard. */
    private final class Readers implements AutoCloseable {

        private final TopicReader own = cluster.reader();
        private final List<TopicReader> ofShards = new ArrayList<>();

        private Iterator<MiniBatch> batches(int shard, long step) {
            TopicReader reader = cluster.followedBy(Progress.NONE).reader();
            ofShards.add(reader);
            Iterator<LoggedBatch> logged = cluster.batches(reader, shard).from(step);
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return logged.hasNext();
                }

                @Override
                public MiniBatch next() {
                    return logged.next().batch();
                }
            };
        }

        @Override
        public void close() {
            own.close();
            ofShards.forEach(TopicReader::close);
        }
    }

    /** What learns the log again, step by step. */
    private interface Replaying {
        void learn(LoggedBatch logged);
    }

    /** One audit, from what was published to the report. */
    private final class AuditRun {

        private final Scope scope;
        private final Optional<CheckpointDirectory> checkpoints;
        private final PublishedModel published;
        private final BatchLog log;
        private final long target;
        private final Readers readers;
        private final OrderedEntries entries;
        /** What the checkpoint has of shards. */
        private final ReplayedShards begun;
        /** Steps of a learner that was alone before there were shards. */
        private long alone;

        private Optional<ShardReplay> shards;
        private ModelReplay replay;
        private Replaying replaying;
        private long lastWhole; // round of shards, to make a checkpoint at
        private final long newestDigest;
        private final long fromStep;
        private final long begunAt;
        private final List<String> differences = new ArrayList<>();
        private long differing;
        private long digestsOfRounds;
        private final Set<String> missing = new TreeSet<>();
        private Optional<Checkpoint.Header> newestEqual = Optional.empty();
        private Optional<Path> written = Optional.empty();
        private boolean isCatalogueCompared;

        AuditRun(
                Scope scope,
                Optional<CheckpointDirectory> checkpoints,
                Readers readers,
                OrderedEntries entries,
                ReplayedShards begun) {
            this.scope = scope;
            this.checkpoints = checkpoints;
            this.readers = readers;
            this.entries = entries;
            this.begun = begun;
            TopicReader reader = readers.own;
            String generation = trainer.model().generationName();
            published = PublishedModel.read(reader, cluster, generation);
            requireGeneration(published, generation);
            requireEngine(reader, generation);
            log = cluster.steps(reader);
            target = published.newestStep(scope.step().orElse(Long.MAX_VALUE));
            AuditBeginning beginning = new AuditBeginning(cluster, reader, checkpoints);
            alone = beginning.stepsAlone(published.newestStep(Long.MAX_VALUE));
            BatchLog first = alone > 0 ? cluster.batches(reader, 0) : log;
            scope.step().ifPresent(step -> requireStep(step <= alone ? first : log, step));
            beginning
                    .find(published, target, alone)
                    .ifPresent(found -> CheckpointFile.read(found.file(), this::restore, Progress.NONE));
            shards = begun.count() > 0 ? Optional.of(inShards()) : Optional.empty();
            replay = shards.map(this::replay).orElseGet(() -> new ModelReplay(trainer, entries));
            if (isInShards() && shards.isEmpty()) {
                alone = Math.max(alone, replay.step()); // its log may be gone
            }
            replaying = logged -> replay.learn(logged.batch());
            newestDigest = PublishedModel.newest(published.digests(), target);
            fromStep = replay.step();
            begunAt = System.nanoTime();
        }

        private boolean isInShards() {
            return cluster.topics().areShared();
        }

        private void restore(byte[] key, byte[] value) {
            if (ReplayedShards.isOfShards(key)) {
                begun.take(key, value);
            } else {
                entries.put(key, value);
            }
        }

        ModelReport run() {
            try {
                return compared();
            } finally {
                shards.ifPresent(ShardReplay::close);
            }
        }

        private ModelReport compared() {
            compare(Optional.empty());
            try {
                if (replay.step() < alone && shards.isEmpty()) {
                    learnAlone();
                }
                if (isInShards() && replay.step() >= alone) {
                    goOnInShards();
                }
                BatchLog rest = isInShards() && shards.isEmpty() ? cluster.batches(readers.own, 0) : log;
                rest.read(replay.step() + 1, logged -> {
                    missing.removeAll(
                            ModelReplay.removedBy(logged.batch())); // removed after the learner's latest progress
                    if (replay.step() < target) {
                        replaying.learn(logged);
                        if (logged.round()
                                .filter(round -> !round.digest().isEmpty())
                                .isPresent()) {
                            digestsOfRounds++;
                        }
                        compare(Optional.of(logged));
                        shards.ifPresent(several -> keep(several, logged));
                        if (replay.step() < newestDigest) {
                            replay.makeRoom();
                        }
                        progress.reached(replay.step(), target);
                    }
                    return replay.step() < target || !missing.isEmpty();
                });
            } catch (BrokenLogException broken) {
                add(List.of(String.valueOf(broken.getMessage())));
            }
            if (replay.step() < target && differing == 0) {
                add(List.of("the log ends at step " + replay.step() + ", but step " + target + " was published"));
            }
            long asOf = published.learnerStep().orElse(0);
            add(missing.stream()
                    .map(item -> "no vector of item " + item + ", which is in the catalogue of step " + asOf)
                    .toList());
            long nanos = System.nanoTime() - begunAt;
            if (shards.isEmpty()) {
                written = newestEqual
                        .filter(header -> differing == 0 && header.step() > fromStep)
                        .flatMap(header -> checkpoints.map(
                                directory -> directory.write(new Checkpoint(header, replay.entries()))));
            }
            NavigableMap<Long, List<PublishedModel.Vector>> vectors = published.vectorsByStep();
            return new ModelReport(
                    trainer.model().generationName(),
                    fromStep,
                    replay.step(),
                    nanos,
                    PublishedModel.count(published.digests(), fromStep, replay.step()) + digestsOfRounds,
                    newestEqual.map(header -> OptionalLong.of(header.step())).orElse(OptionalLong.empty()),
                    PublishedModel.count(vectors, fromStep, replay.step()),
                    PublishedModel.count(vectors, 0, fromStep - 1),
                    PublishedModel.count(vectors, replay.step() + 1, Long.MAX_VALUE),
                    published.otherVectors(),
                    isCatalogueCompared,
                    differences,
                    differing,
                    written);
        }

        /** Learns what one learner learnt before there were shards. */
        private void learnAlone() {
            cluster.batches(readers.own, 0).read(replay.step() + 1, logged -> {
                if (replay.step() < Math.min(alone, target)) {
                    replaying.learn(logged);
                    compare(Optional.of(logged));
                    if (replay.step() < newestDigest) {
                        replay.makeRoom();
                    }
                    progress.reached(replay.step(), target);
                }
                return replay.step() < Math.min(alone, target);
            });
        }

        private void goOnInShards() {
            ShardReplay several;
            if (shards.isPresent()) {
                several = shards.get();
            } else {
                String ofLearner = alone > 0 ? replay.digest() : "";
                several = inShards();
                shards = Optional.of(several);
                replay = replay(several);
                compareAtChange(ofLearner);
            }
            replaying = logged -> several.learn(logged.round().orElseThrow(), logged.place());
            expectRounds(several);
            lastWhole = several.lastWhole();
        }

        private ShardReplay inShards() {
            int count = log.find(alone + 1)
                    .flatMap(LoggedBatch::round)
                    .map(ModelRound::shards)
                    .orElse(cluster.topics().shards());
            int threads = Runtime.getRuntime().availableProcessors();
            return new ShardReplay(
                    trainer.withCacheBytes(cacheBytes()), entries, begun, readers::batches, count, threads);
        }

        private ModelReplay replay(ShardReplay several) {
            return new ModelReplay(several.trainer(), entries, cacheBytes());
        }

        /** Bytes of rows on the heap for each learner. */
        private long cacheBytes() {
            return Math.max(1, trainer.cacheBytes() / cluster.topics().learners());
        }

        /** Writes the checkpoint, when the replay has come to its round. */
        private void keep(ShardReplay several, LoggedBatch last) {
            long round = replay.step();
            if (round == lastWhole && differing == 0 && several.canBeKept()) {
                written = checkpoints.map(directory -> {
                    try (ScratchEntries all = ScratchEntries.create()) {
                        several.keep(all);
                        StepDigest learnt = new StepDigest(round, replay.digest());
                        return directory.write(new Checkpoint(
                                header(
                                        Checkpoint.Source.AUDIT_OF_SHARDS,
                                        learnt,
                                        Optional.of(Checkpoint.LogPlace.of(last))),
                                all));
                    }
                });
            }
        }

        /** Of the step at which shards began, the learner has told its digest, and the base that of what it kept. */
        private void compareAtChange(String ofLearner) {
            if (alone > 0) {
                add(replay.compareDigests(published.digests().getOrDefault(alone, List.of()).stream()
                        .filter(digest -> !digest.digest().equals(ofLearner))
                        .toList()));
            }
        }

        private void expectRounds(ShardReplay several) {
            if (replay.step() >= target) {
                return;
            }
            try {
                log.read(replay.step() + 1, logged -> {
                    several.expect(logged.round().orElseThrow())
                            .filter(why -> begun.count() > 0)
                            .ifPresent(why -> {
                                throw invalid(
                                        "--checkpoints",
                                        scope.checkpoints().map(Path::toString).orElse(""),
                                        "must begin at an older checkpoint than that of round " + fromStep
                                                + ", delete it: " + why);
                            });
                    return logged.batch().step() < target;
                });
            } catch (BrokenLogException broken) {
                // learning comes to it, and tells of it if nothing differs before
            }
        }

        /**
         * Compares what was published of the replay's step.
         *
         * @param last batch that was learnt; absent before the first
         */
        private void compare(Optional<LoggedBatch> last) {
            long step = replay.step();
            List<PublishedModel.Digest> digests = alone > 0 && step == alone && shards.isEmpty()
                    ? List.of()
                    : published.digests().getOrDefault(step, List.of());
            List<String> ofDigests = replay.compareDigests(digests);
            add(ofDigests);
            if (!digests.isEmpty() && ofDigests.isEmpty()) {
                newestEqual = Optional.of(header(
                        Checkpoint.Source.AUDIT,
                        new StepDigest(step, digests.get(0).digest()),
                        last.map(Checkpoint.LogPlace::of)));
            }
            add(replay.compareVectors(published.vectorsByStep().getOrDefault(step, List.of())));
            if (step == published.learnerStep().orElse(-1) && scope.step().orElse(Long.MAX_VALUE) >= step) {
                isCatalogueCompared = true;
                add(replay.compareCatalogue(published));
                if (!published.isWithheld()) {
                    missing.addAll(replay.itemsWithoutVector(published)); // a later batch may show that it was removed
                }
            }
        }

        private void add(List<String> found) {
            differing += found.size();
            found.stream().limit(DIFFERENCES_KEPT - differences.size()).forEach(differences::add);
        }
    }

    private static void requireGeneration(PublishedModel published, String generation) {
        if (!published.generations().isEmpty() && !published.generations().contains(generation)) {
            throw invalid(
                    "the model's settings",
                    generation,
                    "must be those of the learner, which publishes generation "
                            + String.join(", ", published.generations()) + "; give the settings it was started with");
        }
    }

    /** Compares with the learner's settings hash and fingerprint; its header is one of the first entries of the query side. */
    private void requireEngine(TopicReader reader, String generation) {
        try {
            Trainer probe = new Trainer(trainer);
            for (TopicReader.Extent extent : reader.extents(cluster.topics().modelUpdates())) {
                reader.read(extent, extent.first(), record -> {
                    ModelUpdate update =
                            cluster.wire().decode(Topic.MODEL_UPDATES, record).orElseThrow();
                    boolean isHeader = update.generation().equals(generation) && EntryKind.isHeader(update.key());
                    if (isHeader) {
                        update.entry().ifPresent(header -> probe.restore(update.key(), header));
                    }
                    return !isHeader;
                });
            }
        } catch (FingerprintMismatchException other) {
            throw invalid(
                    "the numeric fingerprint",
                    trainer.fingerprint().toString(),
                    "must be the learner's, or bits differ: " + other.getMessage());
        }
    }

    private static void requireStep(BatchLog log, long step) {
        if (log.find(step).isEmpty()) {
            throw invalid("--step", Long.toString(step), "must be a step that the log has");
        }
    }

    private static InvalidSettingsException invalid(String key, String value, String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(key, value, rule)));
    }

    private Lineage lineage() {
        return learner.lineage(trainer.fingerprint().toString());
    }

    private Checkpoint.Header header(Checkpoint.Source source, StepDigest learnt, Optional<Checkpoint.LogPlace> place) {
        return new Checkpoint.Header(Checkpoint.Origin.now(source), lineage(), learnt, place, learner.texts());
    }
}
