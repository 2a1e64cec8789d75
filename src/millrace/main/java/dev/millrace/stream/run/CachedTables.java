package dev.millrace.stream.run;

import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.IndexType;
import org.rocksdb.LRUCache;

/**
 * How RocksDB's tables use a cache that is smaller than they are.
 *
 * <p>The cache holds indexes and filters too, or they would need memory without a bound. By default each file has one block of each, of
 * some 100 KB. Once those do not fit beside the data, each read loads them anew: 200 µs in place of 6 were measured. So they are
 * cut into blocks of {@value #METADATA_BYTES} bytes, and data does not drive them out of their half of the cache.
 */
public final class CachedTables {

    private static final long METADATA_BYTES = 4 << 10;
    private static final double SHARE_OF_METADATA = 0.5;
    private static final int SHARDS_BY_SIZE = -1;

    private CachedTables() {}

    /** @param bytes of blocks, and of memtables if they count against it */
    public static Cache cache(long bytes) {
        return new LRUCache(bytes, SHARDS_BY_SIZE, false, SHARE_OF_METADATA);
    }

    /** Returns the configuration with that cache. */
    public static BlockBasedTableConfig within(BlockBasedTableConfig tables, Cache cache) {
        return tables.setBlockCache(cache)
                .setCacheIndexAndFilterBlocks(true)
                .setCacheIndexAndFilterBlocksWithHighPriority(true)
                .setIndexType(IndexType.kTwoLevelIndexSearch)
                .setPartitionFilters(true)
                .setMetadataBlockSize(METADATA_BYTES);
    }
}
