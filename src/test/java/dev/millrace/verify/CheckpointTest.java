package dev.millrace.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

    private static final Checkpoint.Header LINEAGE = new Checkpoint.Header("g1-0badcafe", 0, "hash", "engine", 0);

    private final Path directory;
    private final CheckpointDirectory checkpoints;

    CheckpointTest(@TempDir Path directory) {
        this.directory = directory;
        this.checkpoints = new CheckpointDirectory(directory, LINEAGE, file -> {});
    }

    @Test
    void whatWasWrittenIsReadBackWithItsStep() {
        checkpoints.write(7, entries(7));

        CheckpointDirectory.Found found = checkpoints.newest(7).orElseThrow();

        assertThat(found.header().step()).isEqualTo(7);
        assertSame(found.entries(), entries(7));
    }

    @Test
    void theNewestAtOrBeforeTheStepIsTaken() {
        checkpoints.write(10, entries(10));
        checkpoints.write(20, entries(20));

        assertThat(step(checkpoints.newest(9))).isEmpty();
        assertThat(step(checkpoints.newest(10))).contains(10L);
        assertThat(step(checkpoints.newest(19))).contains(10L);
        assertThat(step(checkpoints.newest(Long.MAX_VALUE))).contains(20L);
    }

    @Test
    void theNewestThreeAreKeptAndNothingUnfinished() throws IOException {
        Files.writeString(directory.resolve("model-0000000000000000001.checkpoint.part"), "from a run that was killed");

        for (long step = 1; step <= 5; step++) {
            checkpoints.write(step, entries(step));
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
    void anyFlippedBitAnywhereIsNoticedAndTheOneBeforeIsTaken() throws IOException {
        checkpoints.write(1, entries(1));
        Path file = checkpoints.write(2, entries(2));
        byte[] whole = Files.readAllBytes(file);

        for (int at = 0; at < whole.length; at++) {
            byte[] flipped = whole.clone();
            flipped[at] ^= (byte) (1 << at % 8);
            Files.write(file, flipped);

            assertThat(step(checkpoints.newest(2)))
                    .as("byte %s of %s", at, whole.length)
                    .contains(1L);
        }
    }

    @Test
    void anyMissingOrSurplusByteIsNoticedAndTheOneBeforeIsTaken() throws IOException {
        checkpoints.write(1, entries(1));
        Path file = checkpoints.write(2, entries(2));
        byte[] whole = Files.readAllBytes(file);

        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(step(checkpoints.newest(2)))
                    .as("%s of %s bytes", length, whole.length)
                    .contains(1L);
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertThat(step(checkpoints.newest(2))).contains(1L);
    }

    @Test
    void oneOfOtherSettingsAnotherGenerationOrAnotherEngineIsNotTaken() {
        checkpoints.write(1, entries(1));

        for (Checkpoint.Header other : new Checkpoint.Header[] {
            new Checkpoint.Header("g2-0badcafe", 0, "hash", "engine", 0),
            new Checkpoint.Header("g1-0badcafe", 0, "other", "engine", 0),
            new Checkpoint.Header("g1-0badcafe", 0, "hash", "other", 0)
        }) {
            assertThat(new CheckpointDirectory(directory, other, file -> {}).newest(1))
                    .isEmpty();
        }
    }

    @Test
    void oneUnderTheNameOfAnotherStepIsNotTaken() throws IOException {
        Path file = checkpoints.write(2, entries(2));
        Files.move(file, directory.resolve("model-0000000000000000003.checkpoint"));

        assertThat(checkpoints.newest(3)).isEmpty();
    }

    @Test
    void endedBeforeTheRenameItLeavesTheOneBefore() {
        checkpoints.write(1, entries(1));
        CheckpointDirectory ended = new CheckpointDirectory(directory, LINEAGE, file -> {
            assertThat(file).exists();
            throw new IllegalStateException("killed here");
        });

        assertThatThrownBy(() -> ended.write(2, entries(2))).hasMessage("killed here");

        assertThat(step(checkpoints.newest(2))).contains(1L);
    }

    @Test
    void aFileOfAnotherKindIsNamedAsSuch() throws IOException {
        Path file = directory.resolve("any");
        Files.writeString(file, "hello, this is no checkpoint");

        assertThatThrownBy(() -> Checkpoint.read(file, (key, value) -> {}))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage("it does not begin as a checkpoint");
    }

    private static Optional<Long> step(Optional<CheckpointDirectory.Found> found) {
        return found.map(checkpoint -> checkpoint.header().step());
    }

    private static NavigableMap<byte[], byte[]> entries(long seed) {
        NavigableMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        for (String key : new String[] {"m", "mh", "mrä", "C\u0000x"}) {
            entries.put(
                    key.getBytes(StandardCharsets.UTF_8),
                    new Fields().text(key).longInteger(seed).framed());
        }
        return entries;
    }

    private static void assertSame(NavigableMap<byte[], byte[]> found, NavigableMap<byte[], byte[]> expected) {
        assertThat(found).hasSameSizeAs(expected);
        expected.forEach((key, value) -> assertThat(found.get(key)).isEqualTo(value));
    }
}
