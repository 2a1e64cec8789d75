package dev.millrace.checkpoint;

import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.LearnerState;
import dev.millrace.topic.BatchLog;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.BatchLog.LoggedBatch;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Begins an application that learns from the log with the learner of a checkpoint: it goes on behind the checkpoint's step, with the
 * same bits as the learner of the checkpoint, or, {@linkplain Start#WARM warm}, as a generation of its own.
 */
public final class LearnerImport {

    /** How the learner goes on. */
    public enum Start {
        /** As the same learner, with the same settings. */
        SAME,
        /** As a new generation that begins with its weights and may learn by other settings. */
        WARM
    }

    /** Settings under which the entries of a learner stay what they are, by how their keys begin. */
    private static final List<String> FREE_WHEN_WARM = List.of(
            "model.generation",
            "learn.from",
            "loss.kind",
            "loss.correction",
            "loss.mask-same-user",
            "loss.popularity-exponent",
            "loss.pointwise.",
            "loss.triplet.",
            "loss.objective.",
            "batch.",
            "rehearsal.",
            "optimiser.refuse-gradient-norm",
            "exam.",
            "alarm.",
            "publish.",
            "digest.steps");

    /** Of the negatives, all kinds but the memory: no other stores anything. */
    private static final String FREE_NEGATIVES = "negatives\\.(?!memory).*";

    /** Of an optimiser, what its slots do not depend on. */
    private static final String FREE_OPTIMISER_SETTING =
            "optimiser\\.(dense|rows)\\.(.*learning-rate|l2|.*\\.l[12]|max-gradient-norm|schedule\\..*)";

    private final Cluster cluster;
    private final LearnerSettings settings;

    /** @param settings that the learner will be started with */
    public LearnerImport(Cluster cluster, LearnerSettings settings) {
        this.cluster = cluster;
        this.settings = settings;
    }

    /** Takes what an application is to begin with. */
    public interface Witness {
        /**
         * Told before it begins.
         *
         * @param header of the checkpoint
         * @param entries of the learner
         */
        void begins(Checkpoint.Header header, EntrySource entries);
    }

    /**
     * The application that was begun.
     *
     * @param header of the checkpoint
     * @param offset of the log that it goes on from
     */
    public record Begun(Checkpoint.Header header, long offset) {}

    /**
     * Begins the application.
     *
     * @param learner of an application that never existed
     * @param start how the learner goes on
     * @param progress told how much of the file was read
     * @throws UnusableCheckpointException if the file is not whole
     * @throws InvalidSettingsException if settings or engine are not those of the checkpoint, or there was such an application
     * @throws BrokenLogException if the log does not go on behind the checkpoint, or is another
     */
    public Begun into(LearnerState learner, Path file, Start start, Witness witness, Progress progress) {
        try (ScratchEntries entries = ScratchEntries.create()) {
            Checkpoint checkpoint = CheckpointFile.read(file, entries, progress);
            prepare(checkpoint.header(), file, entries, start);
            long offset = behind(checkpoint.header());
            witness.begins(checkpoint.header(), entries);
            learner.begin(entries, settings.kept(), cluster.topics().miniBatches(), offset);
            return new Begun(checkpoint.header(), offset);
        }
    }

    private void prepare(Checkpoint.Header header, Path file, OrderedEntries entries, Start start) {
        List<SettingFault> faults =
                switch (start) {
                    case SAME -> differences(header);
                    case WARM -> incompatibilities(header);
                };
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        try {
            prepare(entries, settings.trainer(), header.learnt(), start);
        } catch (CorruptEntryException notThose) {
            throw new UnusableCheckpointException(file, String.valueOf(notThose.getMessage()), notThose);
        }
    }

    /** How settings, engine or program differ from those of the checkpoint. */
    private List<SettingFault> differences(Checkpoint.Header header) {
        List<SettingFault> faults = new ArrayList<>(settings.differences(header.settings()));
        Lineage here = settings.lineage(settings.trainer().fingerprint().toString());
        if (!here.fingerprint().equals(header.lineage().fingerprint())) {
            faults.add(new SettingFault(
                    "the numeric fingerprint",
                    here.fingerprint(),
                    "must be the checkpoint's, or bits differ: "
                            + header.lineage().fingerprint()));
        }
        if (faults.isEmpty()) {
            here.difference(header.lineage())
                    .ifPresent(difference -> faults.add(new SettingFault(
                            "the program's version",
                            Checkpoint.Origin.now(header.origin().source()).version(),
                            "must understand the checkpoint's settings as "
                                    + header.origin().version() + " does: " + difference)));
        }
        return faults;
    }

    /** Settings that differ from those of the checkpoint and that its weights depend on. */
    private List<SettingFault> incompatibilities(Checkpoint.Header header) {
        List<SettingFault> faults = new ArrayList<>(settings.differences(header.settings()));
        faults.removeIf(fault -> isFree(fault.path()));
        if (settings.trainer().model().generationName().equals(header.lineage().generation())) {
            faults.add(new SettingFault(
                    "model.generation",
                    settings.trainer().model().generation(),
                    "must be another than the checkpoint's, or some setting of the model be: weights of two"
                            + " lineages must not have one name"));
        }
        return faults;
    }

    private static boolean isFree(String key) {
        return FREE_WHEN_WARM.stream().anyMatch(key::startsWith)
                || key.matches(FREE_NEGATIVES)
                || key.matches(FREE_OPTIMISER_SETTING);
    }

    /**
     * Makes of a checkpoint's entries those of the new application's learner. It has published nothing, so that its first commit
     * publishes everything.
     *
     * @param learnt step and digest that the entries must have
     * @throws CorruptEntryException if they have not
     */
    static void prepare(OrderedEntries entries, TrainerSettings settings, StepDigest learnt, Start start) {
        LearnerEntries.remove(entries, EntryKind::isOfTheApplication);
        if (start == Start.WARM) {
            // the header says what the weights were made by: written anew
            LearnerEntries.remove(entries, key -> EntryKind.isHeader(key) || EntryKind.isJudgement(key));
        }
        Trainer trainer = LearnerEntries.toGoOn(settings, entries);
        StepDigest found = trainer.digest().orElseThrow();
        if (!found.equals(learnt)) {
            throw new CorruptEntryException("its entries are of " + found + ", it names " + learnt);
        }
        trainer.publishAnew();
        trainer.drainDirty(entries);
        LearnerEntries.remove(entries, EntryKind::isOfTheApplication);
    }

    /** Offset behind the checkpoint's last batch. */
    private long behind(Checkpoint.Header header) {
        long step = header.step();
        try (TopicReader reader = cluster.reader()) {
            BatchLog log = cluster.batches(reader);
            Optional<LoggedBatch> last = log.find(step);
            if (last.isPresent()) {
                requireSameLog(last.get(), header);
                return last.get().offset() + 1;
            }
            return log.find(step + 1)
                    .map(LoggedBatch::offset)
                    .orElseThrow(() ->
                            new BrokenLogException("the log " + cluster.topics().miniBatches()
                                    + " has neither step " + step + ", the checkpoint's, nor step " + (step + 1)
                                    + ": it does not go on where the checkpoint ends"));
        }
    }

    private static void requireSameLog(LoggedBatch last, Checkpoint.Header header) {
        header.log().ifPresent(place -> {
            if (!place.sha256().equals(last.sha256())) {
                throw new BrokenLogException("the mini-batch of step " + header.step() + " at " + last.place()
                        + " is another than the checkpoint's learner learnt, at " + place
                        + ": it must be the log that it learnt from");
            }
        });
    }
}
