package dev.millrace.follow;

import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.run.CachedTables;
import dev.millrace.topic.PrivateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiPredicate;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * Entries on disk, as many as there are users or embedding rows, with a bounded cache.
 *
 * <p>Empty at each start, as their source gives everything again. So it writes no log and does not survive a crash. One process
 * a directory. Safe for any number of threads.
 */
public final class DiskEntries implements OrderedEntries, AutoCloseable {

    private static final int BLOOM_BITS_PER_KEY = 10;
    private static final int WRITE_BUFFER_SHARE = 4; // of the cache, as its divisor
    /** All: a file that was closed is opened again, at some 100 µs, for one entry. Of each, the cache holds what it must. */
    private static final int MAX_OPEN_FILES = -1;

    private final FileChannel lockFile;
    private final RocksDB entries;
    private final WriteOptions withoutLog;
    private final Deque<AutoCloseable> natives;
    private final ReadWriteLock closing = new ReentrantReadWriteLock(); // RocksDB crashes the JVM if used when closed
    private boolean isClosed;

    private DiskEntries(FileChannel lockFile, RocksDB entries, WriteOptions withoutLog, Deque<AutoCloseable> natives) {
        this.lockFile = lockFile;
        this.entries = entries;
        this.withoutLog = withoutLog;
        this.natives = natives;
    }

    /**
     * Opens an empty store.
     *
     * @param directory created if it is missing; its subdirectories {@code entries} and {@code native} of an earlier run are deleted
     * @param cacheBytes block cache and write buffers together
     * @throws IOException if the directory cannot be used, or another process uses it
     */
    public static DiskEntries open(Path directory, long cacheBytes) throws IOException {
        PrivateDirectory.make(directory);
        FileChannel lockFile =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            claim(directory, lockFile);
            PrivateDirectory.remove(directory.resolve("entries"));
            PrivateDirectory.remove(directory.resolve("native"));
            loadLibrary(Files.createDirectories(directory.resolve("native")));
            return open(directory.resolve("entries"), cacheBytes, lockFile);
        } catch (IOException | RuntimeException notOpened) {
            lockFile.close();
            throw notOpened;
        }
    }

    @Override
    public Optional<byte[]> get(byte[] key) {
        return read("an entry could not be read", () -> Optional.ofNullable(entries.get(key)));
    }

    @Override
    public void put(byte[] key, byte[] value) {
        use("an entry could not be written", () -> entries.put(withoutLog, key, value));
    }

    @Override
    public void delete(byte[] key) {
        use("an entry could not be deleted", () -> entries.delete(withoutLog, key));
    }

    @Override
    public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
        scan(from, (key, value) -> Arrays.compareUnsigned(key, to) < 0 && visitor.test(key, value));
    }

    @Override
    public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
        use("entries could not be read", () -> {
            try (ReadOptions once = new ReadOptions().setFillCache(false);
                    RocksIterator at = entries.newIterator(once)) {
                at.seek(from);
                while (at.isValid() && visitor.test(at.key(), at.value())) {
                    at.next();
                }
                at.status(); // where a block is damaged, the iterator ends as if there were no more entries
            }
        });
    }

    /**
     * Deletes all entries whose keys begin with a prefix.
     *
     * @param prefix not empty, and not of 0xFF alone
     */
    public void deleteAllUnder(byte[] prefix) {
        byte[] behind = prefix.clone();
        int last = behind.length - 1;
        while (behind[last] == (byte) 0xFF) {
            last--;
        }
        behind[last]++;
        byte[] end = Arrays.copyOf(behind, last + 1);
        use("entries could not be deleted", () -> entries.deleteRange(withoutLog, prefix, end));
    }

    private interface Reading<T> {
        T read() throws RocksDBException;
    }

    private interface Use {
        void run() throws RocksDBException;
    }

    private void use(String failure, Use use) {
        read(failure, () -> {
            use.run();
            return true;
        });
    }

    /** Reads while nobody closes the entries. */
    private <T> T read(String failure, Reading<T> reading) {
        closing.readLock().lock();
        try {
            if (isClosed) {
                throw new IllegalStateException("the entries are closed");
            }
            return reading.read();
        } catch (RocksDBException failed) {
            throw new UncheckedIOException(new IOException(failure, failed));
        } finally {
            closing.readLock().unlock();
        }
    }

    @Override
    public void close() {
        closing.writeLock().lock();
        try {
            if (isClosed) {
                return;
            }
            isClosed = true;
            closeAll(natives);
            lockFile.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } finally {
            closing.writeLock().unlock();
        }
    }

    private static DiskEntries open(Path directory, long cacheBytes, FileChannel lockFile) throws IOException {
        PrivateDirectory.make(directory);
        Deque<AutoCloseable> natives = new ArrayDeque<>();
        try {
            Cache cache = closedWith(natives, CachedTables.cache(cacheBytes));
            WriteBufferManager buffers =
                    closedWith(natives, new WriteBufferManager(cacheBytes / WRITE_BUFFER_SHARE, cache));
            BloomFilter filter = closedWith(natives, new BloomFilter(BLOOM_BITS_PER_KEY));
            WriteOptions withoutLog = closedWith(natives, new WriteOptions().setDisableWAL(true));
            Options options = closedWith(natives, new Options())
                    .setCreateIfMissing(true)
                    .setWriteBufferManager(buffers)
                    .setMaxOpenFiles(MAX_OPEN_FILES)
                    .setCompressionType(CompressionType.LZ4_COMPRESSION)
                    .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                    .setKeepLogFileNum(1)
                    .setTableFormatConfig(
                            CachedTables.within(new BlockBasedTableConfig().setFilterPolicy(filter), cache));
            RocksDB entries = closedWith(natives, RocksDB.open(options, directory.toString()));
            return new DiskEntries(lockFile, entries, withoutLog, natives);
        } catch (RocksDBException failed) {
            closeAll(natives);
            throw new IOException("RocksDB cannot be opened in " + directory, failed);
        }
    }

    private static <T extends AutoCloseable> T closedWith(Deque<AutoCloseable> natives, T one) {
        natives.push(one);
        return one;
    }

    private static void closeAll(Deque<AutoCloseable> natives) {
        while (!natives.isEmpty()) {
            try {
                natives.pop().close();
            } catch (Exception failed) {
                throw new IllegalStateException("a RocksDB object cannot be closed", failed);
            }
        }
    }

    private static void claim(Path directory, FileChannel lockFile) throws IOException {
        FileLock lock = null;
        try {
            lock = lockFile.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            // reported below, as another process's is
        }
        if (lock == null) {
            throw new IOException(directory + " is used by another server; set serve.state-dir");
        }
    }

    /** Unpacks RocksDB's library into this directory, where the next start deletes it, instead of the system's temporary directory. */
    private static void loadLibrary(Path directory) throws IOException {
        NativeLibraryLoader.getInstance().loadLibrary(directory.toAbsolutePath().toString());
    }
}
