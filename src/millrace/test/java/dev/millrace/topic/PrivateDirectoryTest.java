package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateDirectoryTest {

    private final Path directory;

    PrivateDirectoryTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void newDirectoriesAreTheOwnersAlone() throws IOException {
        Path there = withPermissions(Files.createDirectory(directory.resolve("there")), "rwxr-xr-x");

        PrivateDirectory.make(there.resolve("above/below"));

        assertThat(permissions(there)).isEqualTo("rwxr-xr-x");
        assertThat(permissions(there.resolve("above"))).isEqualTo("rwx------");
        assertThat(permissions(there.resolve("above/below"))).isEqualTo("rwx------");
    }

    @Test
    void existingOwnDirectoriesAreClosedToOthers() throws IOException {
        Path open = withPermissions(Files.createDirectory(directory.resolve("open")), "rwxr-x--x");

        PrivateDirectory.claim(open);
        PrivateDirectory.claim(directory.resolve("new"));

        assertThat(permissions(open)).isEqualTo("rwx------");
        assertThat(permissions(directory.resolve("new"))).isEqualTo("rwx------");
    }

    @Test
    void aFileSystemWithoutOwnersHasUsualDirectories() throws IOException {
        try (FileSystem archive = FileSystems.newFileSystem(directory.resolve("a.zip"), Map.of("create", "true"))) {
            Path inside = archive.getPath("state");

            PrivateDirectory.make(inside);
            PrivateDirectory.claim(inside);

            assertThat(inside).isDirectory();
        }
    }

    private static Path withPermissions(Path made, String permissions) throws IOException {
        return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(permissions));
    }

    private static String permissions(Path of) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(of));
    }
}
