package dev.millrace.checkpoint;

import dev.millrace.batch.MiniBatch;
import dev.millrace.model.NumericFingerprint;
import dev.millrace.model.Scenes;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Fields;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Utf8;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** A small learner and its log. */
public final class Learners {

    static final LearnerSettings SETTINGS = LearnerSettings.read(new TreeMap<>(Map.of(
            "batch.size", "8",
            "batch.negatives", "16",
            "tower.dim", "8",
            "publish.max-age.steps", "10")));

    private static final long TIME = 1_700_000_000_000L;

    private Learners() {}

    /** The first steps of the log. */
    static List<MiniBatch> log(int steps) {
        List<MiniBatch> log = new ArrayList<>();
        Trainer live = new Trainer(SETTINGS.trainer());
        for (int step = 1; step <= steps; step++) {
            for (int at = 0; at < 8; at++) {
                int number = 8 * step + at;
                live.add(Scenes.click(
                        "u" + CounterRandom.below(6, 1, number, 0),
                        "i" + CounterRandom.below(20, 1, number, 2),
                        TIME + number,
                        "i" + CounterRandom.below(20, 1, number, 1)));
            }
            MiniBatch batch = live.closeBatch();
            live.learn(batch);
            log.add(batch);
        }
        return log;
    }

    /** Of a learner that has read so many steps of the log. */
    public static Checkpoint checkpoint(int steps) {
        MemoryEntries entries = new MemoryEntries();
        Trainer trainer = new Trainer(SETTINGS.trainer());
        log(steps).forEach(trainer::learn);
        trainer.publish();
        trainer.drainDirty(entries);
        return checkpoint(Checkpoint.Origin.now(Checkpoint.Source.LEARNER), trainer, entries);
    }

    static Checkpoint checkpoint(Checkpoint.Origin origin, Trainer trainer, EntrySource entries) {
        return new Checkpoint(
                new Checkpoint.Header(
                        origin,
                        SETTINGS.lineage(
                                NumericFingerprint.require(SETTINGS.trainer().engine())
                                        .toString()),
                        trainer.digest().orElseThrow(),
                        Optional.empty(),
                        SETTINGS.texts()),
                entries);
    }

    /** One of four small entries that no learner would know, which depend on the step. */
    public static Checkpoint small(long step, Checkpoint.Source source, Lineage lineage) {
        MemoryEntries entries = new MemoryEntries();
        for (String key : List.of("m", "mh", "mrä", "C\u0000x")) {
            entries.put(
                    Utf8.bytes(key), new Fields().text(key).longInteger(step).framed());
        }
        return new Checkpoint(
                new Checkpoint.Header(
                        new Checkpoint.Origin(source, "1.0", TIME),
                        lineage,
                        new StepDigest(step, "0abc"),
                        Optional.of(new Checkpoint.LogPlace("mini-batches", 0, 2 * step, "5a")),
                        new TreeMap<>(Map.of("tower.dim", "8", "features.user", "user, höhe"))),
                entries);
    }

    /** All entries, each as a text, in the order of their keys. */
    public static List<String> texts(EntrySource entries) {
        List<String> texts = new ArrayList<>();
        entries.scan(new byte[0], (key, value) -> texts.add(Arrays.toString(key) + Arrays.toString(value)));
        return texts;
    }

    /** All entries, by their keys in unsigned order. */
    public static NavigableMap<byte[], byte[]> map(EntrySource entries) {
        NavigableMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
        entries.scan(new byte[0], (key, value) -> {
            map.put(key, value);
            return true;
        });
        return map;
    }
}
