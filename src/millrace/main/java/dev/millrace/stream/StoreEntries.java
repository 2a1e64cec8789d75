package dev.millrace.stream;

import dev.millrace.state.OrderedEntries;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Function;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** A task's RocksDB store as ordered entries: they commit with the input offsets of the event that changed them. */
final class StoreEntries implements OrderedEntries {

    private final KeyValueStore<Bytes, byte[]> store;

    StoreEntries(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    @Override
    public Optional<byte[]> get(byte[] key) {
        return Optional.ofNullable(store.get(Bytes.wrap(key)));
    }

    /** The store itself lets one thread in at a time; its views let in all. */
    @Override
    public Function<byte[], Optional<byte[]>> lookup() {
        ReadOnlyKeyValueStore<Bytes, byte[]> view = store.readOnly(IsolationLevel.READ_UNCOMMITTED);
        return key -> Optional.ofNullable(view.get(Bytes.wrap(key)));
    }

    @Override
    public void put(byte[] key, byte[] value) {
        store.put(Bytes.wrap(key), value);
    }

    @Override
    public void delete(byte[] key) {
        delete(store, key);
    }

    /** Deletes an entry. {@link KeyValueStore#delete} would read it first, to return it. */
    @SuppressWarnings("NullAway") // Kafka's stores are not annotated; to put null is to delete
    static void delete(KeyValueStore<Bytes, byte[]> store, byte[] key) {
        store.put(Bytes.wrap(key), null);
    }

    @Override
    public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(Bytes.wrap(from), null)) {
            while (entries.hasNext()) {
                KeyValue<Bytes, byte[]> entry = entries.next();
                if (!visitor.test(entry.key.get(), entry.value)) {
                    return;
                }
            }
        }
    }

    @Override
    public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(Bytes.wrap(from), Bytes.wrap(to))) {
            while (entries.hasNext()) {
                KeyValue<Bytes, byte[]> entry = entries.next();
                // the store's ranges include their end, ours do not
                if (Arrays.equals(entry.key.get(), to) || !visitor.test(entry.key.get(), entry.value)) {
                    return;
                }
            }
        }
    }
}
