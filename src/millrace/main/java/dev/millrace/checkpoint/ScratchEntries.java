package dev.millrace.checkpoint;

import dev.millrace.follow.DiskEntries;
import dev.millrace.state.OrderedEntries;
import dev.millrace.topic.PrivateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * Entries of a learner on disk, as long as a command works on them. Empty at first; what is on the heap of them is bounded.
 *
 * <p>They are in a new directory in that for temporary files, which only its owner may read. It is removed on {@link #close}, and
 * when the process ends before. One thread.
 */
public final class ScratchEntries implements OrderedEntries, AutoCloseable {

    private static final long CACHE_BYTES = 64L << 20;

    private final Path directory;
    private final DiskEntries entries;
    private final Thread removal;

    private ScratchEntries(Path directory, DiskEntries entries) {
        this.directory = directory;
        this.entries = entries;
        this.removal = new Thread(this::removeQuietly, "scratch-removal");
        Runtime.getRuntime().addShutdownHook(removal);
    }

    /** @throws UncheckedIOException if the directory for temporary files cannot be used */
    public static ScratchEntries create() {
        return create(CACHE_BYTES);
    }

    /**
     * As {@link #create()}, with a cache of the caller's size.
     *
     * @param cacheBytes block cache and write buffers together
     */
    public static ScratchEntries create(long cacheBytes) {
        try {
            Path directory = Files.createTempDirectory("millrace-entries-"); // its owner's alone
            try {
                return new ScratchEntries(directory, DiskEntries.open(directory, cacheBytes));
            } catch (IOException | RuntimeException notOpened) {
                PrivateDirectory.remove(directory);
                throw notOpened;
            }
        } catch (IOException unusable) {
            throw new UncheckedIOException(
                    "entries in " + System.getProperty("java.io.tmpdir") + ", the directory for temporary files",
                    unusable);
        }
    }

    /** The entries themselves. */
    public DiskEntries onDisk() {
        return entries;
    }

    /** The directory that holds them. */
    Path directory() {
        return directory;
    }

    @Override
    public Optional<byte[]> get(byte[] key) {
        return entries.get(key);
    }

    @Override
    public void put(byte[] key, byte[] value) {
        entries.put(key, value);
    }

    @Override
    public void delete(byte[] key) {
        entries.delete(key);
    }

    @Override
    public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
        entries.scan(from, to, visitor);
    }

    @Override
    public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
        entries.scan(from, visitor);
    }

    @Override
    public void close() {
        entries.close();
        try {
            Runtime.getRuntime().removeShutdownHook(removal);
            PrivateDirectory.remove(directory);
        } catch (IllegalStateException ending) {
            removeQuietly();
        } catch (IOException left) {
            throw new UncheckedIOException("removing " + directory, left);
        }
    }

    /** Removes the files alone: at the end of the process a thread may still use the entries. */
    private void removeQuietly() {
        try {
            PrivateDirectory.remove(directory);
        } catch (IOException | UncheckedIOException left) {
            // the launcher's next start removes it, with the directory that it made for this process
        }
    }
}
