package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.merge.Base;
import dev.millrace.merge.Delta;
import dev.millrace.merge.DeltaPart;
import dev.millrace.merge.Replica;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.MemoryEntries;
import dev.millrace.stream.LearnerState;
import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint of several learners: the base's entries, and the rows of users of each shard. */
class SharedLearnersTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int ITEMS = 30;
    private static final int ROUNDS = 6;

    private final LearnerSettings settings = LearnerSettings.read(new TreeMap<>(Map.of(
            "batch.size", "8",
            "batch.negatives", "16",
            "tower.dim", "8",
            "features.user", "user,history")));
    private final MemoryEntries entries = new MemoryEntries(); // of the base
    private final Replica replica = new Replica(new MemoryEntries());
    private final Base base = new Base(settings.trainer(), entries, ExamWitness.NONE);
    private final List<Shard> shards = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(3);

    @AfterEach
    void close() {
        shards.forEach(shard -> shard.learner.close());
        base.close();
    }

    @Test
    void itsUsersHaveTheVectorsThatTheirShardsGiveThem() {
        learn();
        StepDigest all = LearnerEntries.addRows(settings.trainer(), checkpoint(), own());

        Trainer trainer = new Checkpoint(header(all), entries).toLookAt(); // which checks the digest

        assertThat(all.step()).isEqualTo(ROUNDS);
        for (Shard shard : shards) {
            for (int user = 0; user < 4; user++) {
                TrainingExample example = shard.example("u" + shard.number + "-" + user);
                float[] vector = new float[8];
                trainer.userVectors(List.of(example.user()), List.of(Features.NONE), vector);
                Delta delta = shard.learnOf(List.of(example));
                assertThat(vector).containsExactly(delta.counted().get(0).vector());
                assertThat(delta.changes()).isNotEmpty();
                shard.undo();
            }
        }
    }

    @Test
    void itsDigestCoversTheRowsOfAllShards() {
        learn();
        StepDigest merged = base.trainer().digest().orElseThrow();

        StepDigest all = LearnerEntries.addRows(settings.trainer(), checkpoint(), own());
        assertThat(all.digest()).isNotEqualTo(merged.digest());
        shards.get(1).deleteARow(entries);
        assertThatThrownBy(() -> new Checkpoint(header(all), entries).toLookAt())
                .isInstanceOf(CorruptEntryException.class);
    }

    @Test
    void aUserWhomTwoShardsHaveIsRefused() {
        learn();
        List<MemoryEntries> twice = List.of(shards.get(0).own, shards.get(0).own);

        assertThatThrownBy(() -> LearnerEntries.addRows(settings.trainer(), checkpoint(), twice))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage("a key of the rows of table user is in shard 1 and in another: each user must be of one");
    }

    @Test
    void noLearnerFromTheLogBeginsWithIt(@TempDir Path directory) throws Exception {
        learn();
        StepDigest all = LearnerEntries.addRows(settings.trainer(), checkpoint(), own());
        Path file = directory.resolve("shared.checkpoint");
        CheckpointFile.write(file, new Checkpoint(header(all), entries), Progress.NONE);
        ClientSettings clients = ClientSettings.of("unused:9092");
        LearnerState learner =
                new LearnerState(clients, StreamSettings.read(new SettingsReader(Map.of())), Part.LEARN_FROM_LOG);
        Cluster cluster = new Cluster(clients, Streams.topics(), Streams.wire());

        assertThatThrownBy(() -> new LearnerImport(cluster, settings)
                        .into(learner, file, LearnerImport.Start.WARM, (header, entries, shards) -> {}, Progress.NONE))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("--in = " + file + ": must be of one learner");
    }

    private Checkpoint.Header header(StepDigest learnt) {
        return new Checkpoint.Header(
                Checkpoint.Origin.now(Checkpoint.Source.SHARDS),
                settings.lineage(settings.trainer().fingerprint().toString()),
                learnt,
                Optional.empty(),
                settings.texts());
    }

    private List<MemoryEntries> own() {
        return shards.stream().map(shard -> shard.own).toList();
    }

    /** The base's entries without what it keeps for its shards. */
    private MemoryEntries checkpoint() {
        List<byte[]> others = new ArrayList<>();
        entries.scan(new byte[0], (key, value) -> {
            if (EntryKind.of(key).isEmpty()) {
                others.add(key);
            }
            return true;
        });
        others.forEach(entries::delete);
        return entries;
    }

    /** Two shards learn, each a batch a round, and come to the last one. */
    private void learn() {
        write();
        replica.caughtUp();
        shards.add(new Shard(0));
        shards.add(new Shard(1));
        base.reach(TIME);
        for (int item = 0; item < ITEMS; item++) {
            base.change(new CatalogueChange.Upsert(new CatalogueItem("i" + item, TIME, Features.NONE)));
        }
        for (int round = 1; round <= ROUNDS; round++) {
            if (round > 1) {
                for (Shard shard : shards) {
                    Delta delta = shard.learnOf(shard.examples());
                    shard.learner.drainDirty(shard.own);
                    base.add(delta, DeltaPart.of(delta).get(0).sha256());
                }
            }
            base.merge(base.closeRound(), true);
            write();
            shards.forEach(Shard::follow);
        }
    }

    private void write() {
        base.trainer().publish();
        base.drainDirty(replica.beside(entries));
    }

    private final class Shard {

        private final int number;
        private final MemoryEntries own = new MemoryEntries();
        private final Replica.View view = replica.view();
        private ShardLearner learner;

        private Shard(int number) {
            this.number = number;
            learner = begun();
        }

        private ShardLearner begun() {
            ShardLearner begun =
                    new ShardLearner(settings.trainer(), number, own, view, view.round(), StepTimes.UNTIMED);
            own.scanBut(new byte[0], ShardLearner.readLater(), begun::restore);
            begun.requireEachRow();
            return begun;
        }

        /** Back to the last drain. */
        private void undo() {
            learner.close();
            learner = begun();
        }

        private void follow() {
            TreeSet<byte[]> changed = new TreeSet<>(Arrays::compareUnsigned);
            learner.follow(view.advance(changed), changed);
        }

        private Delta learnOf(List<TrainingExample> examples) {
            examples.forEach(learner::add);
            learner.learn(learner.closeBatch());
            return learner.cut().orElseThrow();
        }

        private List<TrainingExample> examples() {
            List<TrainingExample> examples = new ArrayList<>();
            for (int at = 0; at < 8; at++) {
                examples.add(example("u" + number + "-" + random.nextInt(4)));
            }
            return examples;
        }

        private TrainingExample example(String user) {
            List<String> history = List.of("i" + random.nextInt(ITEMS));
            UserFeatures features = new UserFeatures(user, TIME, Features.NONE, history);
            return new TrainingExample("", features, Features.NONE, "i" + random.nextInt(ITEMS), "click", 1, TIME, 0);
        }

        private void deleteARow(MemoryEntries from) {
            List<byte[]> rows = new ArrayList<>();
            own.scan(ShardLearner.readLater().get(0), (key, value) -> {
                rows.add(key);
                return false;
            });
            rows.forEach(from::delete);
        }
    }
}
