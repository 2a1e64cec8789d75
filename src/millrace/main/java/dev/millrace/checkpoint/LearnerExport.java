package dev.millrace.checkpoint;

import dev.millrace.merge.ShardLearner;
import dev.millrace.model.ModelHeader;
import dev.millrace.model.StepTimes;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.LearnerState;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Makes a checkpoint of a learner in the cluster, running or stopped, as of its last commit.
 *
 * <p>It leaves out what belongs to the application alone: books, open batch, offsets. The digest that the learner wrote with its last
 * commit must be the digest of the entries.
 */
public final class LearnerExport {

    private static final long CACHE_BYTES = 8L << 20; // of a shard's entries

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
        return checkpoint(Checkpoint.Source.LEARNER, learnt, into);
    }

    /**
     * Reads a base, and from its shards the rows of users: as of the last commit of each, which is up to some rounds from that of the base.
     *
     * @param into empty; filled with the entries of a learner
     * @throws InvalidSettingsException if the base has other settings of the model
     * @throws UnexportableLearnerException if entries do not have the digest, or the sum, of their commit, or none was made yet
     */
    public Checkpoint of(LearnerState base, LearnerState shards, OrderedEntries into) {
        SortedMap<String, String> ofModel = new TreeMap<>(base.kept().texts());
        ofModel.remove(TopicNames.SHARDS); // the same model, however many learn it
        settings.kept().require(new KeptSettings(ofModel), "the learners of application " + base.application());
        StepDigest merged = read(
                base,
                new EntrySink() { // but what it keeps for its shards
                    @Override
                    public void put(byte[] key, byte[] value) {
                        if (EntryKind.of(key).isPresent()) {
                            into.put(key, value);
                        }
                    }

                    @Override
                    public void delete(byte[] key) {
                        into.delete(key);
                    }
                },
                into);
        List<ScratchEntries> rows = new ArrayList<>();
        try {
            for (int shard = 0; shard < shards.learners(); shard++) {
                ScratchEntries own = ScratchEntries.create(CACHE_BYTES);
                rows.add(own);
                read(shards, shard, own, into, merged.step());
            }
            StepDigest all = LearnerEntries.addRows(settings.trainer(), into, rows);
            return checkpoint(Checkpoint.Source.SHARDS, all, into);
        } catch (CorruptEntryException twice) {
            throw new UnexportableLearnerException(shards.application(), String.valueOf(twice.getMessage()));
        } finally {
            rows.forEach(ScratchEntries::close);
        }
    }

    private void read(LearnerState shards, int shard, ScratchEntries own, EntrySource base, long round) {
        List<String> faults = new ArrayList<>();
        boolean isWhole = shards.read(shard, own, () -> {
            try (ShardLearner learner =
                    new ShardLearner(settings.trainer(), shard, own, base, round, StepTimes.UNTIMED)) {
                own.scanBut(new byte[0], ShardLearner.readLater(), learner::restore);
                learner.requireEachRow();
                return true;
            } catch (CorruptEntryException notWhole) {
                faults.add(String.valueOf(notWhole.getMessage()));
                return false;
            }
        });
        if (!isWhole) {
            throw new UnexportableLearnerException(
                    shards.application(),
                    "the changelog of shard " + shard + " is not what it committed: " + faults.get(faults.size() - 1));
        }
    }

    private StepDigest read(LearnerState learner, OrderedEntries into) {
        return read(learner, into, into);
    }

    /**
     * @param sink writes to the entries
     * @return step and digest of its commit
     */
    private StepDigest read(LearnerState learner, EntrySink sink, OrderedEntries into) {
        Reading reading = new Reading(into);
        if (!learner.read(sink, reading::isWhole)) {
            throw new UnexportableLearnerException(
                    learner.application(), "its changelog is not what it committed: " + reading.fault);
        }
        if (LearnerEntries.header(into).isEmpty()) {
            throw new UnexportableLearnerException(learner.application(), "it has not committed anything yet");
        }
        return reading.learnt;
    }

    private Checkpoint checkpoint(Checkpoint.Source source, StepDigest learnt, OrderedEntries entries) {
        ModelHeader made = LearnerEntries.header(entries).orElseThrow();
        Checkpoint.Header header = new Checkpoint.Header(
                Checkpoint.Origin.now(source),
                settings.lineage(made.fingerprint()),
                learnt,
                place(learnt.step()),
                settings.texts());
        return new Checkpoint(header, entries);
    }

    /** Where that step is in the log; its batch was committed before. */
    private Optional<Checkpoint.LogPlace> place(long step) {
        try (TopicReader reader = cluster.reader()) {
            return cluster.steps(reader).find(step).map(Checkpoint.LogPlace::of);
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
