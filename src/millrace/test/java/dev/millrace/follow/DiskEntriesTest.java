package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskEntriesTest {

    private static final long CACHE_BYTES = 4 << 20;

    private final Path directory;

    DiskEntriesTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void aUserComesBackAsItWasPut() throws IOException {
        try (DiskEntries entries = DiskEntries.open(directory, CACHE_BYTES)) {
            UserStates users = new UserStates(entries);
            UserFeatures user = new UserFeatures(
                    "ü-1",
                    77,
                    Features.of(
                            Map.of("age", new FeatureValue.Quantity(33), "city", new FeatureValue.Category("Leeds"))),
                    List.of("b", "a"));

            users.put(user);

            assertThat(users.latest("ü-1")).contains(user);
            assertThat(users.latest("ü")).isEmpty();
            users.remove("ü-1");
            assertThat(users.latest("ü-1")).isEmpty();
        }
    }

    @Test
    void whatItKeepsOfUsersIsItsOwnersAlone() throws IOException {
        try (DiskEntries entries = DiskEntries.open(directory.resolve("made"), CACHE_BYTES);
                DiskEntries others = DiskEntries.open(directory, CACHE_BYTES)) {
            for (String closed : List.of("made", "entries")) {
                assertThat(Files.getPosixFilePermissions(directory.resolve(closed)))
                        .as(closed)
                        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
            }
        }
    }

    @Test
    void startsEmptyAndLeavesFilesOfOthersAlone() throws IOException {
        Files.writeString(directory.resolve("precious.txt"), "mine");
        try (DiskEntries entries = DiskEntries.open(directory, CACHE_BYTES)) {
            entries.put(new byte[] {1}, new byte[] {2});
        }

        try (DiskEntries entries = DiskEntries.open(directory, CACHE_BYTES)) {
            assertThat(entries.get(new byte[] {1})).isEmpty();
        }
        assertThat(directory.resolve("precious.txt")).hasContent("mine");
    }

    @Test
    void refusesADirectoryInUseAndUseAfterClosing() throws IOException {
        DiskEntries entries = DiskEntries.open(directory, CACHE_BYTES);

        assertThatThrownBy(() -> DiskEntries.open(directory, CACHE_BYTES))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("used by another server");
        entries.close();
        entries.close();
        assertThatThrownBy(() -> entries.get(new byte[] {1})).isInstanceOf(IllegalStateException.class);
    }
}
