package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.state.EntrySource;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.OrderedEntries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchEntriesTest {

    private static final int CHANGES = 3_000;

    @Test
    void theyAnswerAsEntriesOnTheHeapDo() {
        SplittableRandom random = new SplittableRandom(3);
        MemoryEntries expected = new MemoryEntries();
        try (ScratchEntries entries = ScratchEntries.create()) {
            for (int change = 0; change < CHANGES; change++) {
                byte[] key = key(random);
                for (OrderedEntries each : List.of(entries, expected)) {
                    if (change % 3 == 0) {
                        each.delete(key);
                    } else {
                        each.put(key, new byte[] {(byte) change, (byte) (change >> 8)});
                    }
                }
            }

            assertThat(Learners.texts(entries)).isEqualTo(Learners.texts(expected));
            for (int question = 0; question < CHANGES; question++) {
                byte[] from = key(random);
                byte[] to = key(random);
                assertThat(entries.get(from).map(Arrays::toString))
                        .isEqualTo(expected.get(from).map(Arrays::toString));
                if (Arrays.compareUnsigned(from, to) <= 0) {
                    assertThat(texts(entries, from, to)).isEqualTo(texts(expected, from, to));
                }
            }
        }
    }

    @Test
    void theDirectoryIsPrivateAndGoneWhenClosed() throws IOException {
        ScratchEntries entries = ScratchEntries.create();
        entries.put(new byte[] {1}, new byte[] {2});
        Path directory = entries.directory();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");

        entries.close();
        entries.close();

        assertThat(directory).doesNotExist();
        assertThatThrownBy(() -> entries.get(new byte[] {1})).isInstanceOf(IllegalStateException.class);
    }

    /** As by a signal, or a failure in the middle of a command. */
    @Test
    void aProcessThatEndsWithoutClosingThemLeavesNothing(@TempDir Path temporary) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        EndsAmid.class.getName())
                .inheritIO()
                .start();

        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(EndsAmid.STATUS);
        try (var left = Files.list(temporary)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("millrace")))
                    .isEmpty();
        }
    }

    /** A program that ends while it has entries on disk. */
    static final class EndsAmid {

        private static final int STATUS = 17;

        private EndsAmid() {}

        public static void main(String[] arguments) {
            ScratchEntries entries = ScratchEntries.create();
            for (int key = 0; key < CHANGES; key++) {
                entries.put(new byte[] {(byte) key, (byte) (key >> 8)}, new byte[1000]);
            }
            System.exit(Files.exists(entries.directory()) ? STATUS : 1);
        }
    }

    /** Of up to three bytes, all values of a byte among them, so that they are prefixes of one another. */
    private static byte[] key(SplittableRandom random) {
        byte[] key = new byte[1 + random.nextInt(3)];
        for (int at = 0; at < key.length; at++) {
            key[at] = (byte) (random.nextInt(8) * 36 + random.nextInt(4));
        }
        return key;
    }

    private static List<String> texts(EntrySource entries, byte[] from, byte[] to) {
        List<String> texts = new ArrayList<>();
        entries.scan(from, to, (key, value) -> texts.add(Arrays.toString(key) + Arrays.toString(value)));
        return texts;
    }
}
