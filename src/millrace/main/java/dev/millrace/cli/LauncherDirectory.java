package dev.millrace.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** The temporary directory that the launcher made for this process. */
final class LauncherDirectory {

    /** The file by which the launcher marks what it made; bin/millrace has the same name. */
    static final String MARK = ".made-by-millrace";

    private LauncherDirectory() {}

    /**
     * Removes the process's temporary directory if the launcher made it. What cannot be removed stays for the next start, which removes
     * it, as it does what killed processes left.
     */
    static void remove() {
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        try {
            remove(directory);
        } catch (IOException left) {
            // the next start tries again
        }
    }

    static void remove(Path directory) throws IOException {
        if (!Files.isRegularFile(directory.resolve(MARK), LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) { // follows no links
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
