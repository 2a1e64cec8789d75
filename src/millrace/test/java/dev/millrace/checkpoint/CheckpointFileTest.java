package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.operation.Progress;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Frame;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.StepDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFileTest {

    private static final int MAGIC = 8;

    private final Path file;

    CheckpointFileTest(@TempDir Path directory) {
        this.file = directory.resolve("any.checkpoint");
    }

    @Test
    void whatWasWrittenIsReadBack() throws IOException {
        CheckpointFile.write(file, checkpoint());

        Checkpoint read = CheckpointFile.read(file, new MemoryEntries());

        assertThat(read.header()).isEqualTo(checkpoint().header());
        assertThat(Learners.texts(read.entries()))
                .isEqualTo(Learners.texts(checkpoint().entries()));
    }

    @Test
    void aFolderThatIsMadeForItIsItsOwnersAlone() throws IOException {
        Path made = file.resolveSibling("exports");

        CheckpointFile.write(made.resolve("any.checkpoint"), checkpoint());

        assertThat(Files.getPosixFilePermissions(made)).isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void progressIsToldOfEachOfTheFourEntries() throws IOException {
        List<String> told = new ArrayList<>();
        Progress progress = (part, done, of) -> told.add(part + " " + done + "/" + of);

        CheckpointFile.write(file, checkpoint(), progress);
        CheckpointFile.read(file, new MemoryEntries(), progress);

        assertThat(told).hasSize(8).contains("written 1/4", "written 4/4", "read 1/4", "read 4/4");
    }

    @Test
    void logPlaceAndSettingsMayBeAbsent() throws IOException {
        Checkpoint.Header full = checkpoint().header();
        Checkpoint.Header bare = new Checkpoint.Header(
                full.origin(), full.lineage(), new StepDigest(0, "00"), Optional.empty(), new TreeMap<>());
        CheckpointFile.write(file, new Checkpoint(bare, EntrySource.NONE));

        assertThat(CheckpointFile.read(file, new MemoryEntries()).header()).isEqualTo(bare);
    }

    @Test
    void anyFlippedBitAnywhereIsFoundAndSaidWhere() throws IOException {
        CheckpointFile.write(file, checkpoint());
        byte[] whole = Files.readAllBytes(file);

        for (int bit = 0; bit < 8 * whole.length; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, flipped);

            assertThatThrownBy(() -> CheckpointFile.read(file, new MemoryEntries()))
                    .as("bit %s of byte %s of %s", bit % 8, bit / 8, whole.length)
                    .isInstanceOf(UnusableCheckpointException.class)
                    .hasMessageMatching("checkpoint \\Q" + file + "\\E cannot be used: at byte \\d+: .+");
        }
    }

    @Test
    void cutOrLongerAtAnyByteItIsFoundAndSaidWhere() throws IOException {
        CheckpointFile.write(file, checkpoint());
        byte[] whole = Files.readAllBytes(file);

        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> CheckpointFile.read(file, new MemoryEntries()))
                    .as("%s of %s bytes", length, whole.length)
                    .isInstanceOf(UnusableCheckpointException.class)
                    .hasMessageMatching("checkpoint \\Q" + file + "\\E cannot be used: at byte \\d+: .+");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertThatThrownBy(() -> CheckpointFile.read(file, new MemoryEntries()))
                .hasMessageEndingWith("it has " + (whole.length + 1) + " bytes, its header names " + whole.length);
    }

    @Test
    void theMessageNamesThePlaceOfTheFrameThatIsWrong() throws IOException {
        CheckpointFile.write(file, checkpoint());
        byte[] whole = Files.readAllBytes(file);
        // behind magic and header: the header's frame names its own length
        int header = java.nio.ByteBuffer.wrap(whole)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getInt(MAGIC);
        int first = MAGIC + 8 + header;
        whole[first + 9] ^= 1; // in the payload of the first entry
        Files.write(file, whole);

        assertThatThrownBy(() -> CheckpointFile.read(file, new MemoryEntries()))
                .hasMessageContaining("at byte " + first + ": entry's CRC32C is ");
    }

    @Test
    void aFileOfAnOlderBuildIsRefusedWithTheWayOut() throws IOException {
        CheckpointFile.write(file, checkpoint());
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[bytes.getInt(MAGIC)];
        bytes.get(MAGIC + 8, header);
        ByteBuffer older = Frame.allocate(header.length).put(header).putInt(8, 2);
        Files.write(file, bytes.put(MAGIC, Frame.seal(older)).array());

        assertThatThrownBy(() -> CheckpointFile.read(file, new MemoryEntries()))
                .isInstanceOf(UnusableCheckpointException.class)
                .hasMessage(
                        "checkpoint " + file + " cannot be used: at byte 8: it has format version 2, this program reads"
                                + " 3: the build that wrote it reads it; let this one learn from the log");
    }

    @Test
    void aFileOfAnotherKindOrNoneIsSaidToBeThat() throws IOException {
        assertThatThrownBy(() -> CheckpointFile.read(file, new MemoryEntries()))
                .isInstanceOf(UnusableCheckpointException.class)
                .hasMessage("checkpoint " + file + " cannot be used: there is no such file");
        Files.writeString(file, "hello, this is no checkpoint");

        assertThatThrownBy(() -> CheckpointFile.read(file, new MemoryEntries()))
                .hasMessage("checkpoint " + file + " cannot be used: at byte 0: it does not begin as a checkpoint");
    }

    @Test
    void oneThatCannotBeFinishedLeavesTheOneBefore() throws IOException {
        CheckpointFile.write(file, checkpoint());
        byte[] before = Files.readAllBytes(file);

        assertThatThrownBy(() -> CheckpointFile.write(file, checkpoint(), unfinished -> {
                    assertThat(unfinished).exists();
                    throw new IllegalStateException("killed here");
                }))
                .hasMessage("killed here");

        assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }

    private static Checkpoint checkpoint() {
        return Learners.small(30, Checkpoint.Source.LEARNER, new Lineage("g1-0badcafe", "hash", "model", "engine"));
    }
}
