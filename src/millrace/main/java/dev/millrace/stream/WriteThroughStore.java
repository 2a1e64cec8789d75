package dev.millrace.stream;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.PrefixedKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.internals.AbstractStoreBuilder;
import org.apache.kafka.streams.state.internals.RocksDBStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.jspecify.annotations.Nullable;

/**
 * A state store whose content lives on the heap as one {@link Durable} and is written through to RocksDB and its changelog once
 * a commit.
 *
 * <p>Order of a commit. A task calls {@link #flushCache}, then ends the producer's transaction with records, changelog and input
 * offsets, then calls {@code StateStore.commit}. So changes must be written in {@code flushCache}. Changes written in {@code commit}
 * would miss the transaction that moves the offsets, and a crash would lose them without a trace ({@code CrashIT} shows it).
 * {@code flushCache} belongs to Kafka's internals, because there is no public hook before a commit; decision record 0002 has the reasons.
 *
 * <p>Positions. For each input partition the store also keeps the offset behind the last record that the state has taken in. It is
 * written in the same transaction. A record from before that offset would count twice, so it stops the stream.
 *
 * <p>Settings. The store also keeps the settings that the state's bits depend on, each under a key of its own. They are written before
 * anything else in the first commit, so they are the first records of the changelog and stay there: {@link StoredSettings} reads them
 * before a start. A state is restored under the same settings only.
 *
 * <p>Times. Entries of the changelog have the time of the record that was read last. After a punctuation Kafka would give them the wall
 * clock's. Brokers refuse what is an hour ahead of their own clock, so a trainer whose clock is wrong would stop.
 *
 * <p>Heap copy. A standby has none. An active task loads it from RocksDB at first use, when RocksDB has been restored, but for the entries
 * that the state reads itself. It is dropped whenever RocksDB may change under it: in {@code init} (a corrupted task is revived with the
 * same objects), in {@link #clearCache} (a task becomes a standby, or a standby a task) and in {@link #close}. Nothing is written on close:
 * a clean close has committed before.
 *
 * @param <D> what lives on the heap
 */
class WriteThroughStore<D extends Durable> extends WrappedStateStore<KeyValueStore<Bytes, byte[]>, Bytes, byte[]> {

    /** The processor's side of the store. */
    interface Owner<D> {

        /**
         * Returns a new, empty state.
         *
         * @param stored the store's entries; those of {@link #readLater} are not restored, and the state reads them here
         */
        D fresh(EntrySource stored);

        /** Returns the prefixes, ascending, of the entries that the state reads itself when it needs them; none if all are restored. */
        default List<byte[]> readLater() {
            return List.of();
        }

        /** Returns the settings that the bits of the state depend on. */
        default KeptSettings settings() {
            return KeptSettings.NONE;
        }

        /** Called when all of a state's entries have been restored, before it is used. */
        default void restored(D state) {}

        /** Called when the store lets go of a state, so that its threads end. */
        default void dropped(D state) {}

        /** Called once in each commit if anything changed, on the task's thread. It must drain the store. */
        void beforeCommit(D state);
    }

    // first bytes of the store's own keys, in the order of the store; the state's begin with a printable character
    private static final byte POSITION = 0;
    private static final byte SETTING = 1;
    private static final byte[] BEHIND_OWN = {SETTING + 1};

    /** Of a task that has read no record yet. */
    private static final ProcessorRecordContext NOTHING_READ =
            new ProcessorRecordContext(0, -1, -1, null, new RecordHeaders());

    private final SortedMap<String, Long> positions = new TreeMap<>(); // as loaded; inputs read since have their own
    private final List<Input> inputs = new ArrayList<>();
    private KeptSettings unwritten = KeptSettings.NONE;
    private @Nullable Owner<D> owner;
    private @Nullable CommitRequests commits;
    private @Nullable D state;
    private Optional<InternalProcessorContext<?, ?>> task = Optional.empty();
    private ProcessorRecordContext lastRead = NOTHING_READ;
    private boolean changed;

    WriteThroughStore(KeyValueStore<Bytes, byte[]> entries) {
        super(entries);
    }

    /**
     * Ties the store to its processor; called in the processor's {@code init}.
     *
     * @param requests told of each commit
     */
    void own(Owner<D> newOwner, CommitRequests requests) {
        drop();
        owner = newOwner;
        commits = requests;
    }

    /** Returns the state for reading. */
    D state() {
        D loaded = state;
        if (loaded == null) {
            loaded = load(owner());
            state = loaded;
        }
        return loaded;
    }

    /** Returns the state for a change. The next commit writes the change. */
    D change() {
        changed = true;
        return state();
    }

    /**
     * Returns the state for taking in a record.
     *
     * @throws IllegalStateException if the state has taken in that record before
     */
    D change(RecordMetadata record) {
        D loaded = change();
        task.ifPresent(context -> lastRead = context.recordContext());
        Input input = input(record);
        if (record.offset() < input.position) {
            throw new IllegalStateException("record at offset " + record.offset() + " of " + input.name()
                    + " came again: store " + name() + " holds what was read up to offset " + input.position
                    + ", input and state are not of the same commit");
        }
        input.position = record.offset() + 1;
        input.hasMoved = true;
        return loaded;
    }

    private Input input(RecordMetadata record) {
        for (Input input : inputs) {
            if (input.partition == record.partition() && input.topic.equals(record.topic())) {
                return input;
            }
        }
        Input first = new Input(record.topic(), record.partition());
        first.position = positions.getOrDefault(first.name(), 0L);
        inputs.add(first);
        return first;
    }

    /** The offset behind the last record taken in, by topic and partition. */
    SortedMap<String, Long> positions() {
        SortedMap<String, Long> all = new TreeMap<>(positions);
        inputs.forEach(input -> all.put(input.name(), input.position));
        return all;
    }

    /**
     * Writes what changed.
     *
     * @param written called with each entry; the value is absent for a deletion
     */
    void drain(BiConsumer<byte[], Optional<byte[]>> written) {
        writeSettings();
        writePositions();
        drainState(written);
    }

    /** As {@link #drain}, but without settings and positions. */
    final void drainState(BiConsumer<byte[], Optional<byte[]>> written) {
        state().drainDirty(new StoreSink(wrapped(), written));
    }

    final boolean isLoaded() {
        return state != null;
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        drop();
        owner = null;
        commits = null;
        task = context instanceof InternalProcessorContext<?, ?> internal ? Optional.of(internal) : Optional.empty();
        lastRead = NOTHING_READ;
        super.init(context, root);
    }

    @Override
    public void flushCache() {
        if (changed) {
            changed = false;
            task.ifPresent(context -> context.setRecordContext(lastRead));
            commits().begins();
            owner().beforeCommit(state());
        }
    }

    /** Called when the transaction of a commit has ended; without transactional stores, only when the task is given up. */
    @Override
    public void commit(Map<TopicPartition, Long> offsets) {
        super.commit(offsets);
        if (isLoaded()) { // not a standby's, nor one that is being restored
            commits().ends();
        }
    }

    @Override
    public void clearCache() {
        drop();
        super.clearCache();
    }

    @Override
    public void close() {
        drop();
        super.close();
    }

    private D load(Owner<D> from) {
        EntrySource stored = new StoreEntries(wrapped());
        D fresh = from.fresh(stored);
        loadOwn(stored, from.settings());
        stored.scanBut(BEHIND_OWN, from.readLater(), fresh::restore);
        from.restored(fresh);
        return fresh;
    }

    /**
     * Loads the store's own entries.
     *
     * @throws InvalidSettingsException if the state was begun under other settings
     */
    private void loadOwn(EntrySource stored, KeptSettings given) {
        SortedMap<String, String> kept = new TreeMap<>();
        stored.scan(new byte[] {POSITION}, BEHIND_OWN, (key, value) -> {
            if (key[0] == POSITION) {
                positions.put(PrefixedKey.text(key), Frame.open(value).getLong());
            } else {
                kept.put(PrefixedKey.text(key), setting(value));
            }
            return true;
        });
        KeptSettings ofState = new KeptSettings(kept);
        if (!given.isEmpty()) {
            given.require(ofState, "the state of store " + name());
        }
        unwritten = given.without(ofState);
    }

    private void drop() {
        D held = state;
        if (held != null) {
            owner().dropped(held);
        }
        state = null;
        changed = false;
        positions.clear();
        inputs.clear();
        unwritten = KeptSettings.NONE;
    }

    private void writeSettings() {
        settingEntries(unwritten).forEach((key, value) -> wrapped().put(Bytes.wrap(key), value));
        unwritten = KeptSettings.NONE;
    }

    private void writePositions() {
        inputs.stream()
                .filter(input -> input.hasMoved)
                .sorted(Comparator.comparing(Input::name))
                .forEach(input -> {
                    input.hasMoved = false;
                    byte[] value = Frame.seal(Frame.allocate(Long.BYTES).putLong(input.position));
                    wrapped().put(Bytes.wrap(positionKey(input.name())), value);
                });
    }

    private Owner<D> owner() {
        return given(owner);
    }

    private CommitRequests commits() {
        return given(commits);
    }

    private <T> T given(@Nullable T byProcessor) {
        if (byProcessor == null) {
            throw new IllegalStateException("store " + name() + " is used before its processor was initialised");
        }
        return byProcessor;
    }

    /** The key under which the store keeps the offset behind the last record of a partition. */
    static byte[] positionKey(String partition) {
        return PrefixedKey.of(POSITION, partition);
    }

    /** The partition whose position an entry keeps; absent for another entry. */
    static Optional<String> positionOf(byte[] key) {
        return key[0] == POSITION ? Optional.of(PrefixedKey.text(key)) : Optional.empty();
    }

    /** The entries that keep settings, in the order of their keys. */
    static SortedMap<byte[], byte[]> settingEntries(KeptSettings settings) {
        SortedMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        settings.texts()
                .forEach((key, text) -> entries.put(
                        PrefixedKey.of(SETTING, key), new Fields().text(text).framed()));
        return entries;
    }

    /** The key of the setting that an entry keeps; absent for another entry. */
    static Optional<String> settingKey(byte[] key) {
        return key[0] == SETTING ? Optional.of(PrefixedKey.text(key)) : Optional.empty();
    }

    /** The text of the setting that an entry keeps. */
    static String setting(byte[] value) {
        return Fields.text(Frame.open(value));
    }

    /** Whether a key is the store's own, and none of the state's. */
    static boolean isOwn(byte[] key) {
        return key[0] == POSITION || key[0] == SETTING;
    }

    /** Builds the store around a persistent, logged, uncached key-value store of the same name. */
    static <D extends Durable> StoreBuilder<WriteThroughStore<D>> builder(String name) {
        return builder(name, WriteThroughStore::new);
    }

    /** As {@link #builder(String)}, with a store class of the caller's choice. */
    static <D extends Durable> StoreBuilder<WriteThroughStore<D>> builder(
            String name, Function<KeyValueStore<Bytes, byte[]>, WriteThroughStore<D>> stores) {
        return new Builder<>(name, stores);
    }

    /** A persistent, logged, uncached store of plain entries. */
    static StoreBuilder<KeyValueStore<Bytes, byte[]>> entries(String name) {
        return Stores.keyValueStoreBuilder(UnqueriedStore.named(name), Serdes.Bytes(), Serdes.ByteArray())
                .withCachingDisabled()
                .withLoggingEnabled(Map.of());
    }

    /** A partition that a record of was taken in since the state was loaded. */
    private static final class Input {

        private final String topic;
        private final int partition;
        private long position; // behind the last record
        private boolean hasMoved; // since the last commit

        Input(String topic, int partition) {
            this.topic = topic;
            this.partition = partition;
        }

        String name() {
            return topic + '-' + partition;
        }
    }

    /** Writes what the state drains to RocksDB and its changelog, and hands it to the caller. */
    private record StoreSink(KeyValueStore<Bytes, byte[]> store, BiConsumer<byte[], Optional<byte[]>> written)
            implements EntrySink {

        @Override
        public void put(byte[] key, byte[] value) {
            store.put(Bytes.wrap(key), value);
            written.accept(key, Optional.of(value));
        }

        @Override
        public void delete(byte[] key) {
            StoreEntries.delete(store, key);
            written.accept(key, Optional.empty());
        }

        @Override
        public void repeat(byte[] key, byte[] value) {
            written.accept(key, Optional.of(value));
        }
    }

    private static final class Builder<D extends Durable>
            extends AbstractStoreBuilder<Bytes, byte[], WriteThroughStore<D>> {

        private final Function<KeyValueStore<Bytes, byte[]>, WriteThroughStore<D>> stores;

        Builder(String name, Function<KeyValueStore<Bytes, byte[]>, WriteThroughStore<D>> stores) {
            super(name, Serdes.Bytes(), Serdes.ByteArray(), Time.SYSTEM);
            this.stores = stores;
        }

        @Override
        public WriteThroughStore<D> build() {
            return stores.apply(entries(name).build());
        }
    }

    /**
     * Kafka's store, which says nothing of its position to interactive queries: nobody queries these stores. Kafka 4.4 copies the position for each entry
     * that it logs, and uses it only if {@code __iq.consistency.offset.vector.enabled__} is set. The store's own position handling is unchanged.
     */
    private static final class UnqueriedStore extends RocksDBStore {

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
}
