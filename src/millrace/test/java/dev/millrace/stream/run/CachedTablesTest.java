package dev.millrace.stream.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Statistics;
import org.rocksdb.TickerType;

class CachedTablesTest {

    private static final int ENTRIES = 200_000;
    private static final int READS = 2_000;

    /** An index and a filter of 200,000 entries have some 500 KB together, and the cache has 256 KB for data and all. */
    @Test
    void aReadLoadsAPartOfAnIndexAtMost(@TempDir Path directory) throws RocksDBException {
        RocksDB.loadLibrary();
        try (BloomFilter filter = new BloomFilter(10);
                Cache cache = CachedTables.cache(1 << 18);
                Statistics statistics = new Statistics();
                Options options = new Options()
                        .setCreateIfMissing(true)
                        .setStatistics(statistics)
                        .setTableFormatConfig(
                                CachedTables.within(new BlockBasedTableConfig().setFilterPolicy(filter), cache));
                RocksDB entries = RocksDB.open(options, directory.toString())) {
            Random random = new Random(1);
            byte[] value = new byte[100];
            for (int key = 0; key < ENTRIES; key++) {
                random.nextBytes(value);
                entries.put(key(key), value);
            }
            entries.compactRange();
            long before = loaded(statistics);

            for (int read = 0; read < READS; read++) {
                assertThat(entries.get(key(random.nextInt(ENTRIES)))).hasSize(value.length);
            }

            assertThat((loaded(statistics) - before) / READS).isLessThan(16_000);
        }
    }

    /** Bytes of indexes and filters that were put into the cache. */
    private static long loaded(Statistics statistics) {
        return statistics.getTickerCount(TickerType.BLOCK_CACHE_INDEX_BYTES_INSERT)
                + statistics.getTickerCount(TickerType.BLOCK_CACHE_FILTER_BYTES_INSERT);
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(2 * Integer.BYTES)
                .putInt(Integer.reverse(number))
                .putInt(number)
                .array();
    }
}
