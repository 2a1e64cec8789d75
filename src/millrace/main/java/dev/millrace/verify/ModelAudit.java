package dev.millrace.verify;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointDirectory;
import dev.millrace.checkpoint.CheckpointDirectory.UsableCheckpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.checkpoint.Lineage;
import dev.millrace.checkpoint.ScratchEntries;
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
import dev.millrace.wire.Topic;
import java.nio.file.Path;
import java.util.ArrayList;
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
        Optional<CheckpointDirectory<Checkpoint.Header>> checkpoints =
                scope.checkpoints().map(directory -> CheckpointDirectory.ofModel(directory, lineage(), beforeRename));
        checkpoints.ifPresent(CheckpointDirectory::prepare);
        try (TopicReader reader = cluster.reader();
                ScratchEntries entries = ScratchEntries.create()) {
            return new AuditRun(scope, checkpoints, reader, entries).run();
        }
    }

    /**
     * Writes the checkpoint that audits begin from of a generation that begins with the entries of another one's checkpoint.
     *
     * @param from header of that
     * @param entries of the learner
     */
    public void keepBeginning(Path directory, Checkpoint.Header from, EntrySource entries) {
        CheckpointDirectory<Checkpoint.Header> checkpoints =
                CheckpointDirectory.ofModel(directory, lineage(), beforeRename);
        checkpoints.prepare();
        checkpoints.requireFree(from.step());
        checkpoints.forget(); // those of an import that did not end
        Path unused = checkpoints.write(header(from.learnt(), from.log()), entries);
    }

    /** One audit, from what was published to the report. */
    private final class AuditRun {

        private final Scope scope;
        private final Optional<CheckpointDirectory<Checkpoint.Header>> checkpoints;
        private final PublishedModel published;
        private final BatchLog log;
        private final long target;
        private final ModelReplay replay;
        private final long newestDigest;
        private final long fromStep;
        private final long begunAt;
        private final List<String> differences = new ArrayList<>();
        private long differing;
        private final Set<String> missing = new TreeSet<>();
        private Optional<Checkpoint.Header> newestEqual = Optional.empty();
        private boolean isCatalogueCompared;

        AuditRun(
                Scope scope,
                Optional<CheckpointDirectory<Checkpoint.Header>> checkpoints,
                TopicReader reader,
                OrderedEntries entries) {
            this.scope = scope;
            this.checkpoints = checkpoints;
            String generation = trainer.model().generationName();
            published = PublishedModel.read(reader, cluster, generation);
            requireGeneration(published, generation);
            requireEngine(reader, generation);
            log = cluster.batches(reader);
            target = published.newestStep(scope.step().orElse(Long.MAX_VALUE));
            scope.step().ifPresent(step -> requireStep(log, step));
            beginning().ifPresent(found -> CheckpointFile.read(found.file(), entries::put, Progress.NONE));
            replay = new ModelReplay(trainer, entries);
            newestDigest = PublishedModel.newest(published.digests(), target);
            fromStep = replay.step();
            begunAt = System.nanoTime();
        }

        /**
         * Returns the checkpoint to begin from: the newest that is older than every vector on the topic, so that all can be compared. If there is
         * none, or the log lacks steps after it, returns the newest up to the target; absent if there is no checkpoint.
         *
         * @throws BrokenLogException if the log lacks steps after that or, without a checkpoint, the first step
         */
        private Optional<UsableCheckpoint<Checkpoint.Header>> beginning() {
            long oldest = published.vectorsByStep().isEmpty()
                    ? target
                    : published.vectorsByStep().firstKey();
            Optional<String> gone = Optional.empty();
            for (long newest : new long[] {Math.min(target, oldest), target}) {
                Optional<UsableCheckpoint<Checkpoint.Header>> found =
                        checkpoints.flatMap(directory -> directory.newest(newest));
                if (found.isPresent()) {
                    gone = gone(found.get().header().step());
                    if (gone.isEmpty()) {
                        return found;
                    }
                }
            }
            gone.or(() -> gone(0)).ifPresent(why -> {
                throw new BrokenLogException(why);
            });
            return Optional.empty();
        }

        /** Returns, in words, which steps after a checkpoint the log lacks. */
        private Optional<String> gone(long step) {
            long first = log.firstStep().orElse(step + 1);
            return first <= step + 1
                    ? Optional.empty()
                    : Optional.of("the log begins at step " + first + ", step " + (step + 1) + " is needed, and "
                            + checkpoints
                                    .map(directory -> "no checkpoint in " + directory.path() + " has learnt it")
                                    .orElse("there is no checkpoint to begin from (--checkpoints)")
                            + ". Keep the log (topic.batch-retention), or verify with --checkpoints before its segments"
                            + " are deleted");
        }

        ModelReport run() {
            compare(Optional.empty());
            try {
                log.read(replay.step() + 1, logged -> {
                    missing.removeAll(
                            ModelReplay.removedBy(logged.batch())); // removed after the learner's latest progress
                    if (replay.step() < target) {
                        replay.learn(logged.batch());
                        compare(Optional.of(logged));
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
            Optional<Path> written = newestEqual
                    .filter(header -> differing == 0 && header.step() > fromStep)
                    .flatMap(header -> checkpoints.map(directory -> directory.write(header, replay.entries())));
            NavigableMap<Long, List<PublishedModel.Vector>> vectors = published.vectorsByStep();
            return new ModelReport(
                    trainer.model().generationName(),
                    fromStep,
                    replay.step(),
                    nanos,
                    PublishedModel.count(published.digests(), fromStep, replay.step()),
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

        /**
         * Compares what was published of the replay's step.
         *
         * @param last batch that was learnt; absent before the first
         */
        private void compare(Optional<LoggedBatch> last) {
            long step = replay.step();
            List<PublishedModel.Digest> digests = published.digests().getOrDefault(step, List.of());
            List<String> ofDigests = replay.compareDigests(digests);
            add(ofDigests);
            if (!digests.isEmpty() && ofDigests.isEmpty()) {
                newestEqual = Optional.of(
                        header(new StepDigest(step, digests.get(0).digest()), last.map(Checkpoint.LogPlace::of)));
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

    private Checkpoint.Header header(StepDigest learnt, Optional<Checkpoint.LogPlace> place) {
        return new Checkpoint.Header(
                Checkpoint.Origin.now(Checkpoint.Source.AUDIT), lineage(), learnt, place, learner.texts());
    }
}
