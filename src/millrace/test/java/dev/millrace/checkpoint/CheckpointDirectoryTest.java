package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.checkpoint.Checkpoint.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointDirectoryTest {

    private static final Lineage LINEAGE = new Lineage("g1-0badcafe", "hash", "model", "engine");

    private final Path directory;
    private final CheckpointDirectory<Checkpoint.Header> checkpoints;

    CheckpointDirectoryTest(@TempDir Path directory) {
        this.directory = directory;
        this.checkpoints = CheckpointDirectory.ofModel(directory, LINEAGE, file -> {});
    }

    @Test
    void theNewestAtOrBeforeTheStepIsTaken() {
        write(checkpoints, checkpoint(10, Source.AUDIT));
        write(checkpoints, checkpoint(20, Source.AUDIT));

        assertThat(step(checkpoints.newest(9))).isEmpty();
        assertThat(step(checkpoints.newest(10))).contains(10L);
        assertThat(step(checkpoints.newest(19))).contains(10L);
        assertThat(step(checkpoints.newest(Long.MAX_VALUE))).contains(20L);
    }

    @Test
    void theNewestThreeAreKeptAndNothingUnfinished() throws IOException {
        Files.writeString(directory.resolve("model-0000000000000000001.checkpoint.part"), "from a run that was killed");

        for (long step = 1; step <= 5; step++) {
            write(checkpoints, checkpoint(step, Source.AUDIT));
        }

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "model-0000000000000000003.checkpoint",
                            "model-0000000000000000004.checkpoint",
                            "model-0000000000000000005.checkpoint");
        }
    }

    @Test
    void earlierGenerationsStayAndDisplaceNothing() throws IOException {
        Lineage before = new Lineage("g0-0badcafe", "hash", "model", "engine");
        CheckpointDirectory<Checkpoint.Header> earlier = CheckpointDirectory.ofModel(directory, before, file -> {});
        for (long step = 100; step <= 300; step += 100) {
            write(earlier, Learners.small(step, Source.AUDIT, before));
        }

        for (long step = 1; step <= 5; step++) {
            assertThat(write(checkpoints, checkpoint(step, Source.AUDIT))).exists();
        }

        assertThat(step(checkpoints.newest(Long.MAX_VALUE))).contains(5L);
        assertThat(step(earlier.newest(Long.MAX_VALUE))).contains(300L);
        assertThat(names()).hasSize(6);
    }

    @Test
    void oneOfAnEarlierStepIsKeptWhenItWasJustWritten() {
        for (long step = 10; step <= 30; step += 10) {
            write(checkpoints, checkpoint(step, Source.AUDIT));
        }

        assertThat(write(checkpoints, checkpoint(5, Source.AUDIT))).exists();

        assertThat(step(checkpoints.newest(9))).contains(5L);
        assertThat(step(checkpoints.newest(Long.MAX_VALUE))).contains(30L);
    }

    @Test
    void aBeginningReplacesNoFileOfAnotherModel() throws IOException {
        checkpoints.requireFree(7);
        write(checkpoints, checkpoint(7, Source.AUDIT));
        checkpoints.requireFree(7);
        write(checkpoints, checkpoint(8, Source.LEARNER));

        assertThatThrownBy(() -> checkpoints.requireFree(8))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContainingAll("model-0000000000000000008.checkpoint", "choose another folder");

        checkpoints.forget();
        assertThat(names()).containsExactly("model-0000000000000000008.checkpoint");
    }

    /** 4,000 files that no audit of this learner finished: only the unfinished ones of an audit go. */
    @Test
    void foreignAndDamagedFilesStay() throws IOException {
        Path folder = Files.createDirectories(directory.resolve("model-0000000000000000009.checkpoint"));
        Files.writeString(folder.resolve("within"), "a folder under the name of a checkpoint");
        Path part = Files.createDirectories(directory.resolve("model-0000000000000000008.checkpoint.part"));
        Files.writeString(part.resolve("within"), "a folder under an unfinished name");
        Files.writeString(directory.resolve("model-9999999999999999999.checkpoint"), "no step is that large");
        for (int number = 0; number < 1_000; number++) {
            Files.writeString(directory.resolve("foreign-" + number), "");
            Files.writeString(directory.resolve("export-" + number + ".checkpoint.part"), "of an export");
            Files.writeString(directory.resolve("model-%019d.checkpoint".formatted(100 + number)), "MILLRCKP");
            Files.writeString(directory.resolve("model-%019d.checkpoint.part".formatted(100 + number)), "MILLRCKP");
        }
        long open = openFiles();

        for (long step = 20; step <= 30; step++) {
            write(checkpoints, checkpoint(step, Source.AUDIT));
            assertThat(step(checkpoints.newest(Long.MAX_VALUE))).contains(step);
        }

        assertThat(openFiles()).isLessThan(open + 10);
        assertThat(names()).hasSize(3_000 + 3 + 3).contains("export-7.checkpoint.part", "foreign-7");
        for (long step = 28; step <= 30; step++) {
            assertThat(step(checkpoints.newest(step))).contains(step);
        }
    }

    @Test
    void aFolderThatWasDeletedMeanwhileIsMadeAgain() throws IOException {
        Files.delete(write(checkpoints, checkpoint(1, Source.AUDIT)));
        Files.delete(directory);

        write(checkpoints, checkpoint(2, Source.AUDIT));

        assertThat(step(checkpoints.newest(2))).contains(2L);
    }

    /** An audit may take hours: it should not find out at its end. */
    @Test
    void aFolderThatCannotBeMadeIsRefusedAtOnce() throws IOException {
        Path file = Files.writeString(directory.resolve("a-file"), "");

        assertThatThrownBy(() ->
                        CheckpointDirectory.ofModel(file, LINEAGE, each -> {}).prepare())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("folder of checkpoints " + file + " cannot be written to");
        assertThatThrownBy(() -> CheckpointDirectory.ofModel(Path.of("/proc/millrace"), LINEAGE, each -> {})
                        .prepare())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("folder of checkpoints /proc/millrace cannot be written to");
    }

    /** That each damage is noticed is told beside the file. */
    @Test
    void aDamagedOneIsNotTakenButTheOneBefore() throws IOException {
        write(checkpoints, checkpoint(1, Source.AUDIT));
        Path file = write(checkpoints, checkpoint(2, Source.AUDIT));
        byte[] bytes = Files.readAllBytes(file);

        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);

        assertThat(step(checkpoints.newest(2))).contains(1L);
    }

    @Test
    void aCheckpointOfOtherSettingsIsNotTaken() {
        write(checkpoints, checkpoint(1, Source.AUDIT));

        for (Lineage other : new Lineage[] {
            new Lineage("g2-0badcafe", "hash", "model", "engine"),
            new Lineage("g1-0badcafe", "other", "model", "engine"),
            new Lineage("g1-0badcafe", "hash", "other", "engine"),
            new Lineage("g1-0badcafe", "hash", "model", "other")
        }) {
            assertThat(CheckpointDirectory.ofModel(directory, other, file -> {}).newest(1))
                    .isEmpty();
        }
    }

    @Test
    void oneUnderTheNameOfAnotherStepIsNotTaken() throws IOException {
        Path file = write(checkpoints, checkpoint(2, Source.AUDIT));
        Files.move(file, directory.resolve("model-0000000000000000003.checkpoint"));

        assertThat(checkpoints.newest(3)).isEmpty();
    }

    @Test
    void oneThatALearnerVouchesForIsNotTaken() {
        write(checkpoints, checkpoint(1, Source.AUDIT));
        write(checkpoints, checkpoint(2, Source.LEARNER));

        assertThat(step(checkpoints.newest(2))).contains(1L);
    }

    private static Optional<Long> step(Optional<CheckpointDirectory.UsableCheckpoint<Checkpoint.Header>> found) {
        return found.map(each -> each.header().step());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }

    private static long openFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    private static Path write(CheckpointDirectory<Checkpoint.Header> to, Checkpoint checkpoint) {
        return to.write(checkpoint.header(), checkpoint.entries());
    }

    private static Checkpoint checkpoint(long step, Source source) {
        return Learners.small(step, source, LINEAGE);
    }
}
