package dev.millrace.checkpoint;

import dev.millrace.model.ModelHeader;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.LearnerState;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import java.util.List;
import java.util.Optional;

/**
 * Makes a checkpoint of a learner in the cluster, running or stopped, as of its last commit.
 *
 * <p>It leaves out what belongs to the application alone: books, open batch, offsets. The digest that the learner wrote with its last
 * commit must be the digest of the entries.
 */
public final class LearnerExport {

    private final Cluster cluster;
    private final LearnerSettings settings;

    /** @param settings that the learner was started with */
    public LearnerExport(Cluster cluster, LearnerSettings settings) {
        this.cluster = cluster;
        this.settings = settings;
    }

    /**
     * Reads a learner.
     *
     * @param into empty; filled with its entries
     * @throws InvalidSettingsException if the learner has other settings of the model
     * @throws UnexportableLearnerException if its entries do not have the digest of its commit, or it has not committed yet
     */
    public Checkpoint of(LearnerState learner, OrderedEntries into) {
        settings.kept().require(learner.kept(), "the learner of application " + learner.application());
        StepDigest learnt = read(learner, into);
        LearnerEntries.remove(into, EntryKind::isOfTheApplication);
        return checkpoint(learnt, into);
    }

    /** Returns step and digest of its commit. */
    private StepDigest read(LearnerState learner, OrderedEntries into) {
        Reading reading = new Reading(into);
        if (!learner.read(into, reading::isWhole)) {
            throw new UnexportableLearnerException(
                    learner.application(), "its changelog is not what it committed: " + reading.fault);
        }
        if (LearnerEntries.header(into).isEmpty()) {
            throw new UnexportableLearnerException(learner.application(), "it has not committed anything yet");
        }
        return reading.learnt;
    }

    private Checkpoint checkpoint(StepDigest learnt, OrderedEntries entries) {
        ModelHeader made = LearnerEntries.header(entries).orElseThrow();
        Checkpoint.Header header = new Checkpoint.Header(
                Checkpoint.Origin.now(Checkpoint.Source.LEARNER),
                settings.lineage(made.fingerprint()),
                learnt,
                place(learnt.step()),
                settings.texts());
        return new Checkpoint(header, entries);
    }

    /** Where that step is in the log; its batch was committed before. */
    private Optional<Checkpoint.LogPlace> place(long step) {
        try (TopicReader reader = cluster.reader()) {
            return cluster.batches(reader).find(step).map(Checkpoint.LogPlace::of);
        }
    }

    /** The last reading of the changelog. */
    private final class Reading {

        private final EntrySource entries;
        StepDigest learnt = new StepDigest(0, "");
        String fault = "";

        Reading(EntrySource entries) {
            this.entries = entries;
        }

        boolean isWhole() {
            LearnerEntries.header(entries).ifPresent(this::requireSettings);
            try {
                learnt = LearnerEntries.toLookAt(settings.trainer(), entries)
                        .digest()
                        .orElse(learnt);
                return true;
            } catch (CorruptEntryException notWhole) {
                fault = String.valueOf(notWhole.getMessage());
                return false;
            }
        }

        private void requireSettings(ModelHeader made) {
            String here = settings.trainer().model().hash();
            if (!made.settingsHash().equals(here)) {
                throw new InvalidSettingsException(List.of(new SettingFault(
                        "the model's settings",
                        here,
                        "must be those of the learner, which have the hash " + made.settingsHash()
                                + "; give the settings it was started with")));
            }
        }
    }
}
