package dev.millrace.stream;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.internals.RocksDBStore;

/**
 * Kafka's store, which says nothing of its position to interactive queries: nobody queries these stores. Kafka 4.4 copies the position for each entry
 * that it logs, and uses it only if {@code __iq.consistency.offset.vector.enabled__} is set. What the store itself keeps and commits of its position is as ever.
 */
final class UnqueriedStore extends RocksDBStore {

    private static final String METRICS_SCOPE = "rocksdb"; // as of Kafka's own

    private UnqueriedStore(String name) {
        super(name, METRICS_SCOPE);
    }

    @Override
    public Position getPosition() {
        return Position.emptyPosition();
    }

    static KeyValueBytesStoreSupplier named(String name) {
        return new KeyValueBytesStoreSupplier() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public KeyValueStore<Bytes, byte[]> get() {
                return new UnqueriedStore(name);
            }

            @Override
            public String metricsScope() {
                return METRICS_SCOPE;
            }
        };
    }
}
