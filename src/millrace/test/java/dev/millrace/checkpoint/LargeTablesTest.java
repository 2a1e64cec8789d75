package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.batch.MiniBatch;
import dev.millrace.model.ModelEntry;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.SmallCache;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Learners whose rows do not fit into their cache, written, read and prepared as those with all rows on the heap. */
class LargeTablesTest {

    private static final TrainerSettings LARGE_CACHE = Learners.SETTINGS.trainer();
    private static final TrainerSettings SMALL_CACHE = SmallCache.of(LARGE_CACHE, 2_000); // some ten rows
    private static final Checkpoint.Origin ORIGIN = new Checkpoint.Origin(Checkpoint.Source.LEARNER, "1.0", 1);
    private static final byte[] ROWS = ModelEntry.Kind.ROW.key();
    private static final int STEPS = 20;
    private static final int MORE_STEPS = 7;

    private final List<MiniBatch> log = Learners.log(STEPS + MORE_STEPS);
    private final Path directory;

    LargeTablesTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void theFileHasTheSameBytes() throws IOException {
        Path onHeap = directory.resolve("heap.checkpoint");
        Path onDisk = directory.resolve("disk.checkpoint");
        MemoryEntries all = new MemoryEntries();
        CheckpointFile.write(onHeap, checkpoint(learnt(new Trainer(LARGE_CACHE), all), all));

        try (ScratchEntries entries = ScratchEntries.create()) {
            Trainer learner = learnt(new Trainer(SMALL_CACHE, entries), entries);
            CheckpointFile.write(onDisk, checkpoint(learner, entries));
        }

        assertThat(Files.readAllBytes(onDisk)).isEqualTo(Files.readAllBytes(onHeap));
    }

    @ParameterizedTest
    @EnumSource
    void importedLearnersReachTheSameDigest(LearnerImport.Start start) throws IOException {
        Path file = directory.resolve("any.checkpoint");
        MemoryEntries all = new MemoryEntries();
        Trainer original = learnt(new Trainer(LARGE_CACHE), all);
        StepDigest learnt = original.digest().orElseThrow();
        CheckpointFile.write(file, checkpoint(original, all));
        LearnerImport.prepare(all, LARGE_CACHE, learnt, start);

        try (ScratchEntries entries = ScratchEntries.create()) {
            CheckpointFile.read(file, entries);
            LearnerImport.prepare(entries, SMALL_CACHE, learnt, start);

            assertThat(Learners.texts(entries)).isEqualTo(Learners.texts(all));
            Trainer imported = LearnerEntries.toGoOn(SMALL_CACHE, entries);
            for (Trainer each : List.of(original, imported)) {
                log.subList(STEPS, STEPS + MORE_STEPS).forEach(each::replay);
                each.publish();
            }
            original.drainDirty(all);
            imported.drainDirty(entries);
            assertThat(imported.digest()).isEqualTo(original.digest());
        }
    }

    @Test
    void filesForOtherProgramsHaveTheSameBytes() throws IOException {
        Path onHeap = directory.resolve("heap");
        Path onDisk = directory.resolve("disk");
        MemoryEntries all = new MemoryEntries();
        Trainer learner = learnt(new Trainer(LARGE_CACHE), all);
        Checkpoint.Header header = checkpoint(learner, all).header();
        ItemVectors.write(onHeap, header, learner);
        TowerFiles.write(onHeap, TowerFiles.Form.ONNX, header, LARGE_CACHE.model(), learner.model());

        try (ScratchEntries entries = ScratchEntries.create()) {
            all.scan(new byte[0], (key, value) -> {
                entries.put(key, value);
                return true;
            });
            Trainer looked = LearnerEntries.toLookAt(SMALL_CACHE, entries);
            ItemVectors.write(onDisk, header, looked);
            TowerFiles.write(onDisk, TowerFiles.Form.ONNX, header, SMALL_CACHE.model(), looked.model());
        }

        for (String file : List.of("vectors.npy", "vectors.csv", "table-0.npy", "table-0.keys", "table-1.npy")) {
            assertThat(onDisk.resolve(file)).hasSameBinaryContentAs(onHeap.resolve(file));
        }
    }

    @Test
    void aLostRowADamagedOneAndOneOfNoTableAreFoundAtOnce() {
        MemoryEntries entries = new MemoryEntries();
        learnt(new Trainer(SMALL_CACHE, entries), entries);
        List<byte[]> rows = new ArrayList<>();
        entries.scan(ROWS, EntrySource.behind(ROWS), (key, value) -> rows.add(key));
        byte[] victim = rows.get(rows.size() / 2);
        byte[] row = entries.get(victim).orElseThrow();

        entries.delete(victim);
        assertThatThrownBy(() -> LearnerEntries.toLookAt(SMALL_CACHE, entries))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("the commit wrote");
        byte[] damaged = row.clone();
        damaged[12] ^= 4;
        entries.put(victim, damaged);
        assertThatThrownBy(() -> LearnerEntries.toLookAt(SMALL_CACHE, entries))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("CRC32C");
        entries.put(victim, row);
        LearnerEntries.toLookAt(SMALL_CACHE, entries);
        entries.put("mrnone\0x".getBytes(StandardCharsets.UTF_8), row);
        assertThatThrownBy(() -> LearnerEntries.toLookAt(SMALL_CACHE, entries))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage("the model has no such table: rows of table none");
    }

    private Trainer learnt(Trainer trainer, OrderedEntries entries) {
        for (MiniBatch batch : log.subList(0, STEPS)) {
            trainer.learn(batch);
            trainer.publish();
            trainer.drainDirty(entries);
        }
        return trainer;
    }

    private static Checkpoint checkpoint(Trainer trainer, EntrySource entries) {
        return Learners.checkpoint(ORIGIN, trainer, entries);
    }
}
