package dev.millrace.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A Java of another version beside the one that runs the tests. A test that needs one is skipped where there is none. */
public final class OtherJava {

    private static final Path JVMS = Path.of("/usr/lib/jvm");

    private OtherJava() {}

    /** The home of a Java of a version. */
    public static Path home(int version) throws IOException {
        assumeTrue(Files.isDirectory(JVMS), "there is no " + JVMS);
        try (Stream<Path> homes = Files.list(JVMS)) {
            List<Path> found = homes.filter(
                            home -> home.getFileName().toString().contains(Integer.toString(version)))
                    .filter(home -> Files.isExecutable(home.resolve("bin/java")))
                    .toList();
            assumeTrue(!found.isEmpty(), "there is no JDK " + version + " under " + JVMS);
            return found.get(0);
        }
    }
}
