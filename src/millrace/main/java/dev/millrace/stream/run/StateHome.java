package dev.millrace.stream.run;

import dev.millrace.topic.PrivateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of local state. It holds a lock for each application, so that one process at a time runs it; the name of the process in
 * its group; the native library of RocksDB; and the stores.
 *
 * <p>The library is unpacked here, over the last copy: a killed process would leave one copy each time in the directory for temporary
 * files.
 */
final class StateHome implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StateHome.class);
    private static final String ROCKSDB = "rocksdb";

    private final Path directory;
    private final List<FileChannel> locks;
    private final String instanceId;

    private StateHome(Path directory, List<FileChannel> locks, String instanceId) {
        this.directory = directory;
        this.locks = locks;
        this.instanceId = instanceId;
    }

    /**
     * Takes a directory for these applications of this process.
     *
     * @throws UnusableStateException if it cannot be written to, or another process runs one of them there
     */
    static StateHome open(Path directory, Collection<String> applications) {
        List<FileChannel> locks = new ArrayList<>();
        try {
            PrivateDirectory.make(directory);
            for (String application : applications) {
                FileChannel channel = FileChannel.open(
                        directory.resolve(application + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                locks.add(channel);
                if (tryLock(channel) == null) {
                    throw new UnusableStateException(directory, "another process runs " + application + " there");
                }
            }
            return new StateHome(directory, locks, share(directory));
        } catch (IOException refused) {
            locks.forEach(StateHome::closeQuietly);
            throw new UnusableStateException(directory, "it cannot be written to: " + refused, refused);
        } catch (UnusableStateException taken) {
            locks.forEach(StateHome::closeQuietly);
            throw taken;
        }
    }

    /** The name of the process that uses this directory, the same at each start. */
    String instanceId() {
        return instanceId;
    }

    Path directory() {
        return directory;
    }

    /** Closes the state of an application to other users of the machine: Kafka Streams opens it to its group when it is made. */
    void keepPrivate(String application) {
        try {
            PrivateDirectory.claim(directory.resolve(application));
        } catch (IOException refused) {
            throw new UnusableStateException(directory, "it cannot be written to: " + refused, refused);
        }
    }

    /** The number of tasks of these applications that have left stores here. */
    int tasks(Collection<String> applications) {
        return (int) applications.stream()
                .flatMap(application -> children(directory.resolve(application)).stream())
                .filter(task -> children(task.resolve(ROCKSDB)).stream().anyMatch(StateHome::isWritten))
                .count();
    }

    /**
     * Removes the state of tasks whose stores are damaged, so that it is restored from its changelog.
     *
     * <p>Reads every byte. RocksDB finds a wrong checksum only when it reads the block. Kafka's iterator over a store then ends early, as
     * if there were no more entries. So a store must be checked before it is loaded.
     */
    void removeDamaged(String application) {
        for (Path task : children(directory.resolve(application))) {
            for (Path store : children(task.resolve(ROCKSDB))) {
                Optional<String> damage = damage(store);
                if (damage.isPresent()) {
                    LOG.atWarn()
                            .addKeyValue("store", store)
                            .log("Local state is damaged, removed and will be restored from its changelog: " + store
                                    + ": " + damage.get());
                    delete(task);
                    break;
                }
            }
        }
    }

    /** Bytes that can still be written to the directory. */
    long usableBytes() {
        try {
            return Files.getFileStore(directory).getUsableSpace();
        } catch (IOException unknown) {
            return 0;
        }
    }

    @Override
    public void close() {
        locks.forEach(StateHome::closeQuietly);
    }

    /** What is wrong with a store that no process has open; absent if nothing is. */
    static Optional<String> damage(Path store) {
        if (!isWritten(store)) {
            return Optional.empty();
        }
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try (Options options = new Options();
                DBOptions database = new DBOptions()) {
            List<byte[]> names = RocksDB.listColumnFamilies(options, store.toString());
            if (names.isEmpty()) {
                return Optional.of("its manifest names no column family");
            }
            List<ColumnFamilyDescriptor> families =
                    names.stream().map(ColumnFamilyDescriptor::new).toList();
            try (RocksDB opened = RocksDB.openReadOnly(database, store.toString(), families, handles)) {
                opened.verifyChecksum();
                return Optional.empty();
            } finally {
                handles.forEach(ColumnFamilyHandle::close);
            }
        } catch (RocksDBException damaged) {
            return Optional.of(String.valueOf(damaged.getMessage()));
        }
    }

    private static boolean isWritten(Path store) {
        return !children(store).isEmpty();
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException takenHere) {
            return null;
        }
    }

    /** Makes what the processes of a directory share, one at a time: two may start at once. Returns their name. */
    private static synchronized String share(Path directory) throws IOException {
        try (FileChannel turn = FileChannel.open(
                directory.resolve("shared.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            turn.lock();
            loadRocksDb(directory.resolve("lib"));
            return instanceId(directory.resolve("instance.id"));
        }
    }

    private static String instanceId(Path file) throws IOException {
        if (Files.exists(file)) {
            String known = Files.readString(file, StandardCharsets.UTF_8).strip();
            if (!known.isEmpty()) {
                return known;
            }
        }
        String made = "millrace-" + UUID.randomUUID();
        Files.writeString(file, made, StandardCharsets.UTF_8);
        return made;
    }

    private static void loadRocksDb(Path libraries) throws IOException {
        Files.createDirectories(libraries);
        try {
            NativeLibraryLoader.getInstance().loadLibrary(libraries.toString());
        } catch (IOException noSpace) {
            children(libraries).forEach(StateHome::delete); // on a small disk it goes where Java puts temporary files
        }
        RocksDB.loadLibrary();
    }

    private static List<Path> children(Path parent) {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(parent)) {
            return found.sorted().toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("reading " + parent, unreadable);
        }
    }

    private static void delete(Path tree) {
        try {
            PrivateDirectory.remove(tree);
        } catch (IOException refused) {
            throw new UnusableStateException(tree, "its damaged state cannot be removed: " + refused, refused);
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException alreadyOfNoUse) {
            LOG.debug("closing a lock", alreadyOfNoUse);
        }
    }
}
