package dev.millrace.topic;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory on this machine for what topics hold, such as state, checkpoints or the embedded broker's data: no other user of the machine may
 * enter it. On a file system that knows no owners it is a usual one.
 */
public final class PrivateDirectory {

    private static final Logger LOG = LoggerFactory.getLogger(PrivateDirectory.class);
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rwx------");

    private PrivateDirectory() {}

    /** Makes a directory, and those above it that are missing. Those that are there stay as they are: others may use them too. */
    public static Path make(Path directory) throws IOException {
        return knowsOwners(directory)
                ? Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OWNER))
                : Files.createDirectories(directory);
    }

    /** As {@link #make}, of a directory that only Millrace uses: one that is there is closed to others. Warns if it cannot be. */
    public static Path claim(Path directory) throws IOException {
        make(directory);
        try {
            if (knowsOwners(directory) && !OWNER.containsAll(Files.getPosixFilePermissions(directory))) {
                Files.setPosixFilePermissions(directory, OWNER);
            }
        } catch (IOException notOurs) {
            LOG.atWarn()
                    .addKeyValue("directory", directory.toAbsolutePath())
                    .setCause(notOurs)
                    .log("Other users of this machine may read a directory, and its permissions cannot be changed");
        }
        return directory;
    }

    /** Removes a directory with all that is in it, if it is there. Follows no links. */
    public static void remove(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> found = Files.walk(directory)) {
            for (Path each : found.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    private static boolean knowsOwners(Path directory) {
        return directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
