package dev.millrace.replay;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where public data sets lie, if they do: under the folder that {@code MILLRACE_DATA} names. */
public final class RealData {

    private RealData() {}

    /** The folder of a data set. The test that asks is skipped if there is none. */
    public static Path folder(String name) {
        Optional<Path> folder = Optional.ofNullable(System.getenv("MILLRACE_DATA"))
                .map(root -> Path.of(root).resolve(name))
                .filter(Files::isDirectory);
        assumeTrue(folder.isPresent(), "MILLRACE_DATA names no folder with " + name);
        return folder.get();
    }
}
