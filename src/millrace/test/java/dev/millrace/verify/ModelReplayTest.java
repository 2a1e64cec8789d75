package dev.millrace.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointDirectory;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.Lineage;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.SmallCache;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelReplayTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int STEPS = 24;

    /** What a live learner did and said. */
    private record Live(List<MiniBatch> log, List<StepDigest> digests, List<List<ItemEmbedding>> published) {}

    private final TrainerSettings settings = TrainerSettings.read(new SettingsReader(Map.of(
            "batch.size", "8",
            "batch.negatives", "16",
            "tower.dim", "8",
            "publish.max-age.steps", "10")));

    @Test
    void everyVectorIsFoundAgainWithoutExams() {
        Live live = live(3);

        List<String> differences = new ArrayList<>();
        ModelReplay replay = new ModelReplay(settings, new MemoryEntries());
        for (int step = 0; step < STEPS; step++) {
            replay.learn(live.log.get(step));
            differences.addAll(replay.compareDigests(digests(live, step + 1)));
            differences.addAll(replay.compareVectors(vectors(live, step + 1)));
        }

        assertThat(live.published).anySatisfy(commit -> assertThat(commit).hasSizeGreaterThan(8));
        assertThat(differences).isEmpty();
    }

    /** Of the rows, some ten are in the cache. What changed is stored after each step, as there is no room for more. */
    @Test
    void onDiskWithRoomForAFewRowsItFindsTheSameBits() {
        Live live = live(3);
        TrainerSettings small = SmallCache.of(settings, 2_000);

        List<String> differences = new ArrayList<>();
        try (ScratchEntries entries = ScratchEntries.create()) {
            ModelReplay replay = new ModelReplay(small, entries);
            for (int step = 0; step < STEPS; step++) {
                replay.learn(live.log.get(step));
                differences.addAll(replay.compareDigests(digests(live, step + 1)));
                differences.addAll(replay.compareVectors(vectors(live, step + 1)));
                replay.makeRoom();
            }

            assertThat(differences).isEmpty();
            assertThat(new ModelReplay(small, entries).step()).isEqualTo(STEPS);
        }
    }

    @Test
    void aBitThatWasFlippedIsNamedWithItsPlaceAndBothValues() {
        Live live = live(1);
        int step = STEPS;
        PublishedModel.Vector good = vectors(live, step).get(2);
        float[] flipped = good.embedding().vector().orElseThrow().clone();
        float before = flipped[5];
        flipped[5] = Float.intBitsToFloat(Float.floatToRawIntBits(before) ^ 1);
        PublishedModel.Vector bad = new PublishedModel.Vector(
                new ItemEmbedding(
                        good.embedding().item(),
                        Optional.of(flipped),
                        good.embedding().generation(),
                        step,
                        TIME,
                        0),
                "offset 9 of item-embeddings-0");

        List<String> differences;
        ModelReplay replay = new ModelReplay(settings, new MemoryEntries());
        live.log.forEach(replay::learn);
        differences = replay.compareVectors(List.of(vectors(live, step).get(0), bad));

        assertThat(differences)
                .singleElement()
                .asString()
                .contains("item " + good.embedding().item() + ", step " + step + " (offset 9 of item-embeddings-0)")
                .contains("component 5 is " + flipped[5], "replayed " + before);
    }

    @Test
    void anotherDigestIsNamedWithBothValues() {
        Live live = live(1);

        ModelReplay replay = new ModelReplay(settings, new MemoryEntries());
        live.log.forEach(replay::learn);

        assertThat(replay.compareDigests(List.of(new PublishedModel.Digest(STEPS, "ab", "here"))))
                .singleElement()
                .asString()
                .contains(
                        "step " + STEPS + ":",
                        "ab (here)",
                        "replayed " + live.digests.get(STEPS - 1).digest());
    }

    @Test
    void aVectorOfAnUnlistedItemIsForeign() {
        Live live = live(1);
        PublishedModel.Vector stranger = new PublishedModel.Vector(
                new ItemEmbedding(
                        "never-listed",
                        Optional.of(new float[8]),
                        settings.model().generationName(),
                        STEPS,
                        TIME,
                        0),
                "there");

        ModelReplay replay = new ModelReplay(settings, new MemoryEntries());
        live.log.forEach(replay::learn);

        assertThat(replay.compareVectors(List.of(stranger)))
                .singleElement()
                .asString()
                .contains("item never-listed, step " + STEPS + " (there)", "is not in the catalogue of step " + STEPS);
    }

    @Test
    void fromACheckpointItGoesOnToTheSameBits(@TempDir Path directory) {
        Live live = live(1);
        CheckpointDirectory<Checkpoint.Header> checkpoints =
                CheckpointDirectory.ofModel(directory, new Lineage("g", "s", "m", "f"), file -> {});
        int middle = STEPS / 2;
        ModelReplay first = new ModelReplay(settings, new MemoryEntries());
        live.log.subList(0, middle).forEach(first::learn);
        assertThat(first.compareDigests(digests(live, middle))).isEmpty();
        checkpoints.write(
                new Checkpoint.Header(
                        Checkpoint.Origin.now(Checkpoint.Source.AUDIT),
                        new Lineage("g", "s", "m", "f"),
                        new StepDigest(middle, "digest"),
                        Optional.empty(),
                        new TreeMap<>()),
                first.entries());

        MemoryEntries stored = new MemoryEntries();
        CheckpointFile.read(checkpoints.newest(middle).orElseThrow().file(), stored);
        ModelReplay second = new ModelReplay(settings, stored);
        assertThat(second.step()).isEqualTo(middle);
        assertThat(second.compareDigests(digests(live, middle))).isEmpty();
        assertThat(second.compareVectors(vectors(live, middle))).isEmpty();
        live.log.subList(middle, STEPS).forEach(second::learn);
        assertThat(second.compareDigests(digests(live, STEPS))).isEmpty();
        assertThat(second.compareVectors(vectors(live, STEPS))).isEmpty();
    }

    /** Learns with exams, and publishes at every so many steps; an item leaves in the middle. */
    private Live live(int stepsACommit) {
        SplittableRandom random = new SplittableRandom(7);
        Live live = new Live(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        Trainer trainer = new Trainer(settings);
        for (int step = 1; step <= STEPS; step++) {
            if (step == STEPS / 2) {
                trainer.change(new CatalogueChange.Removal("i1", TIME));
            }
            for (int at = 0; at < 8; at++) {
                trainer.add(example("e" + step + "-" + at, random));
            }
            MiniBatch batch = trainer.closeBatch();
            trainer.learn(batch);
            live.log.add(batch);
            boolean commits = step % stepsACommit == 0;
            live.published.add(commits ? trainer.publish() : List.of());
            if (commits) {
                trainer.drainDirty(new MemoryEntries());
            }
            live.digests.add(trainer.digest().orElse(new StepDigest(step, "")));
        }
        return live;
    }

    private static List<PublishedModel.Digest> digests(Live live, int step) {
        StepDigest digest = live.digests.get(step - 1);
        return digest.digest().isEmpty()
                ? List.of()
                : List.of(new PublishedModel.Digest(step, digest.digest(), "somewhere"));
    }

    private static List<PublishedModel.Vector> vectors(Live live, int step) {
        return live.published.get(step - 1).stream()
                .filter(embedding -> embedding.vector().isPresent())
                .map(embedding -> new PublishedModel.Vector(embedding, "somewhere"))
                .toList();
    }

    private static TrainingExample example(String id, SplittableRandom random) {
        List<String> history = List.of("i" + random.nextInt(60), "i" + random.nextInt(60));
        return new TrainingExample(
                id,
                new UserFeatures("u" + random.nextInt(20), TIME, Features.NONE, history),
                Features.NONE,
                "i" + random.nextInt(60),
                "click",
                1,
                TIME,
                0);
    }
}
