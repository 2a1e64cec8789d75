package dev.millrace.stream.run;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * RocksDB options that keep all stores of a process within one bound.
 *
 * <p>Kafka creates one for each store and hands it the application's configuration, in which {@link #SHARED} holds what all stores
 * share. Memtables are small: there is no write-ahead log, so that a crash replays what they held.
 */
public final class BoundedRocksDb implements RocksDBConfigSetter {

    static final String SHARED = "millrace.rocksdb.shared";

    private static final long MEMTABLE_BYTES = 4 << 20;
    private static final int MEMTABLES = 2;

    /** One cache, which the memtables of all stores count against too. */
    static final class Shared implements AutoCloseable {

        private final Cache cache;
        private final WriteBufferManager writeBuffers;

        Shared(long bytes) {
            RocksDB.loadLibrary();
            cache = CachedTables.cache(bytes);
            writeBuffers = new WriteBufferManager(bytes / 4, cache);
        }

        @Override
        public void close() {
            writeBuffers.close();
            cache.close();
        }
    }

    @Override
    public void setConfig(String storeName, Options options, Map<String, Object> configs) {
        if (!(configs.get(SHARED) instanceof Shared shared)) {
            throw new IllegalStateException("the application's configuration has no " + SHARED);
        }
        if (options.tableFormatConfig() instanceof BlockBasedTableConfig table) {
            options.setTableFormatConfig(CachedTables.within(table, shared.cache));
        }
        options.setWriteBufferManager(shared.writeBuffers);
        options.setWriteBufferSize(MEMTABLE_BYTES);
        options.setMaxWriteBufferNumber(MEMTABLES);
    }

    @Override
    public void close(String storeName, Options options) {
        // cache and write buffers belong to all stores; the runner closes them behind the last
    }
}
