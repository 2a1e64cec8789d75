package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherDirectoryTest {

    private final Path directory;
    private final Path outside;

    LauncherDirectoryTest(@TempDir Path parent) throws IOException {
        directory = Files.createDirectories(parent.resolve("made"));
        outside = Files.createDirectories(parent.resolve("outside"));
    }

    @Test
    void removalFollowsNoLinks() throws IOException {
        Files.writeString(directory.resolve(LauncherDirectory.MARK), "");
        Files.writeString(Files.createDirectory(directory.resolve("javacpp")).resolve("library.so"), "unpacked");
        Files.writeString(outside.resolve("kept"), "kept");
        Files.createSymbolicLink(directory.resolve("link"), outside);

        LauncherDirectory.remove(directory);

        assertThat(directory).doesNotExist();
        assertThat(outside.resolve("kept")).hasContent("kept");
    }

    @Test
    void aDirectoryThatTheLauncherDidNotMakeStays() throws IOException {
        Files.createSymbolicLink(directory.resolve(LauncherDirectory.MARK), outside);

        LauncherDirectory.remove(directory);

        assertThat(directory).isDirectory();
    }
}
