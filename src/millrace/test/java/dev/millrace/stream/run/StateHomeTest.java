package dev.millrace.stream.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

class StateHomeTest {

    private static final List<String> APPLICATIONS = List.of("app", "other-app");

    private final Path directory;

    StateHomeTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void aProcessComesBackUnderItsName() {
        String first = instanceId();

        assertThat(instanceId()).isEqualTo(first).startsWith("millrace-");
        assertThat(directory.resolve("other")).satisfies(other -> {
            try (StateHome home = StateHome.open(other, APPLICATIONS)) {
                assertThat(home.instanceId()).isNotEqualTo(first);
            }
        });
    }

    @Test
    void anApplicationBelongsToOneProcess() {
        try (StateHome home = StateHome.open(directory, APPLICATIONS)) {
            assertThat(home.usableBytes()).isPositive();
            assertThatThrownBy(() -> StateHome.open(directory, APPLICATIONS))
                    .isInstanceOf(UnusableStateException.class)
                    .hasMessage(
                            "state directory " + directory.toAbsolutePath()
                                    + " cannot be used: another process runs app there; another is named by stream.state-directory");
            try (StateHome other = StateHome.open(directory, List.of("third-app"))) {
                assertThat(other.instanceId()).isEqualTo(home.instanceId());
            }
        }
    }

    @Test
    void ownTasksThatLeftStoresAreCounted() throws IOException {
        try (StateHome home = StateHome.open(directory, APPLICATIONS)) {
            assertThat(home.tasks(APPLICATIONS)).isZero();

            Files.createDirectories(directory.resolve("app/0_0/rocksdb/store/file"));
            Files.createDirectories(directory.resolve("app/0_1/rocksdb/store/file"));
            Files.createDirectories(directory.resolve("app/0_2/rocksdb/store")); // made, and never written to
            Files.createDirectories(directory.resolve("third-app/0_0/rocksdb/store/file"));

            assertThat(home.tasks(APPLICATIONS)).isEqualTo(2);
        }
    }

    @Test
    void aDirectoryThatCannotBeMadeIsNamed() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");

        assertThatThrownBy(() -> StateHome.open(file.resolve("state"), APPLICATIONS))
                .isInstanceOf(UnusableStateException.class)
                .hasMessageContaining("state directory " + file.resolve("state") + " cannot be used");
    }

    @Test
    void theStateOfAnApplicationIsItsOwnersAlone() throws IOException {
        Path home = directory.resolve("made");
        Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rwx------");
        try (StateHome state = StateHome.open(home, APPLICATIONS)) {
            assertThat(Files.getPosixFilePermissions(home)).isEqualTo(owner);
            Path stores = Files.createDirectory(home.resolve(APPLICATIONS.get(0)));
            Files.setPosixFilePermissions(
                    stores, PosixFilePermissions.fromString("rwxr-x---")); // as Kafka Streams leaves it

            state.keepPrivate(APPLICATIONS.get(0));

            assertThat(Files.getPosixFilePermissions(stores)).isEqualTo(owner);
        }
    }

    @Test
    void theLibraryIsUnpackedOverTheLastOne() throws IOException {
        instanceId();
        instanceId();

        try (Stream<Path> libraries = Files.list(directory.resolve("lib"))) {
            assertThat(libraries).hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void whatIsDamagedIsRemovedAndWhatIsNotStays() throws Exception {
        try (StateHome home = StateHome.open(directory, APPLICATIONS)) {
            for (String task : new String[] {"0_0", "0_1", "0_2", "0_3", "0_4"}) {
                write(store(task));
            }
            flipAByte(file(store("0_1"), ".sst"));
            Files.delete(store("0_2").resolve("CURRENT"));
            truncate(file(store("0_3"), "MANIFEST"));
            Files.delete(file(store("0_4"), ".sst"));
            Files.createDirectories(store("0_5")); // made, and never written to

            home.removeDamaged("app");

            assertThat(directory.resolve("app")).satisfies(app -> {
                try (Stream<Path> tasks = Files.list(app)) {
                    assertThat(tasks.map(task -> task.getFileName().toString()))
                            .containsExactlyInAnyOrder("0_0", "0_5");
                }
            });
        }
    }

    private String instanceId() {
        try (StateHome home = StateHome.open(directory, APPLICATIONS)) {
            return home.instanceId();
        }
    }

    private Path store(String task) {
        return directory.resolve("app").resolve(task).resolve("rocksdb").resolve("books");
    }

    private static void write(Path store) throws IOException, RocksDBException {
        Files.createDirectories(store);
        try (Options options = new Options().setCreateIfMissing(true);
                RocksDB database = RocksDB.open(options, store.toString());
                FlushOptions flush = new FlushOptions()) {
            for (int at = 0; at < 1_000; at++) {
                database.put(("key" + at).getBytes(StandardCharsets.UTF_8), new byte[100]);
            }
            database.flush(flush);
        }
    }

    private static Path file(Path store, String named) throws IOException {
        try (Stream<Path> files = Files.list(store)) {
            return files.filter(file -> file.getFileName().toString().contains(named))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void flipAByte(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[100] ^= 1; // in the first block of data
        Files.write(file, bytes);
    }

    private static void truncate(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    }
}
