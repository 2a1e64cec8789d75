package dev.millrace.model.table;

import dev.millrace.model.engine.Team;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntryShare;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.EntrySum;
import dev.millrace.state.KeyIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * Embedding rows by key. No two keys share a row. One thread.
 *
 * <p>Three rules bound the number of rows. A key gets a row once enough steps have read it. A row that no step touched for
 * long is removed. A table with too many rows loses rows that were touched longest ago. All three depend on the steps alone.
 *
 * <p>A row number depends on the order of arrival and on freed rows. No result may depend on a row number.
 */
public final class EmbeddingTable {

    /*
     * Rows are stored. The heap holds those that were read or changed of late: the arena.
     *
     * Keys. `unstored` are those of rows that a scan of the store does not find: the rows admitted since the last drain, or, without
     * a store, all. `removed` are the stored keys without a row, until the drain deletes them. `size` counts all rows.
     *
     * Cache. A row that is not on the heap is read from the store when it is asked for; those of a batch together, by several threads: a read mostly waits, for the disk or for memory. Only `evict` takes rows off the heap, by
     * CLOCK (Corbato 1968), and only rows that the store has as they are. A caller that holds row numbers must not call it.
     * Without a store nothing is evicted. What the heap holds changes no result.
     *
     * Sweep. Rows are found to be old by a cursor over all of them, see RowSweep, not by an index of their ages. Its pace follows
     * from the steps: a row is visited within size / BASE_VISITS steps, and sooner while many are admitted.
     *
     * Proof. `sum` is that of the stored rows, and part of each step's digest. It changes with each write, by the share of the entry
     * that is replaced. A damaged entry fails its checksum when it is read. A lost one is missed at the end of the sweep's round.
     */

    /** In place of a row number: the key has no row. */
    public static final int NONE = KeyIndex.NONE;

    /** So many calls of {@link #evict} pass all rows. */
    public static final int EVICTION_PARTS = RowArena.PARTS + 1;

    private static final int BASE_VISITS = 16;
    private static final int VISITS_A_ROW = 4;
    /** Rows visited at once, so that a scan's beginning costs little. */
    private static final int VISITS_AT_ONCE = 256;
    /** A row too many is the one touched longest ago among so many, in the order of their keys. */
    private static final int CANDIDATES = 8;

    private static final int READS = 4; // worth waking a thread for
    private static final byte[] NO_VALUE = {};

    private final String name;
    private final int dim;
    private final InitialRows initialRows;
    private final int admitAfter;
    private final OptimiserRule rule;
    private final int slotsARow;
    private final EntrySource stored;
    private final RowEntries entries;
    private final RowSweep sweep;
    private RowArena arena;
    private final Team readers;
    private final LinkedHashSet<String> wanted = new LinkedHashSet<>();
    /** Of the keys read together last, those that have no row. */
    private final Set<String> absent = new HashSet<>();

    private long read;
    private long missed;
    private final NavigableSet<String> unstored = new TreeSet<>(RowEntries.ORDER);
    private final SortedMap<String, EntryShare> removed = new TreeMap<>(RowEntries.ORDER);

    private long size;
    private EntrySum sum = EntrySum.NONE;
    private long debt;
    private long admitted;
    private long learnt;
    private byte[] drained = new byte[0];
    private volatile boolean isDoubted; // of the rows that changed since the last drain

    private final SightingCounts sightings = new SightingCounts();
    private final LinkedHashSet<String> sighted = new LinkedHashSet<>();
    private final List<String> admittedInStep = new ArrayList<>();

    /**
     * @param rule update rule of the rows
     * @param admitAfter steps that must have read a key before it gets a row
     */
    public EmbeddingTable(
            String name, int dim, InitialRows initialRows, OptimiserRule rule, int admitAfter, TableStorage storage) {
        this.name = name;
        this.dim = dim;
        this.initialRows = initialRows;
        this.admitAfter = admitAfter;
        this.rule = rule;
        this.slotsARow = rule.slots(dim);
        this.stored = storage.source();
        this.entries = new RowEntries(name, storage.prefix(), dim, slotsARow);
        this.arena = new RowArena(name, dim, slotsARow, entries);
        this.readers = storage.readers();
        this.sweep = new RowSweep(entries, stored, unstored, this::visit, key -> removed.containsKey(key));
    }

    private Optional<RowSweep.Visited> visit(String key) {
        int row = arena.index().find(key);
        return row == NONE
                ? Optional.empty()
                : Optional.of(new RowSweep.Visited(key, arena.moment(row), arena.time(row)));
    }

    public String name() {
        return name;
    }

    public int dim() {
        return dim;
    }

    /** Number of rows, on the heap or not. */
    public long size() {
        return size;
    }

    /** Upper bound of the row numbers, exclusive. */
    int end() {
        return arena.end();
    }

    /** [end, dim] the rows; valid until the next row is read or admitted. */
    public float[] values() {
        return arena.values();
    }

    OptimiserRule rule() {
        return rule;
    }

    /** [end, slots] the optimiser's state of each row; valid until the next row is read or admitted. */
    float[] slots() {
        return arena.slots();
    }

    public int slotsARow() {
        return slotsARow;
    }

    /** Returns the key's row number, or {@link #NONE}. Reads the row if it is not on the heap. */
    public int row(String key) {
        int row = arena.index().find(key);
        if (row != NONE || absent.contains(key) || !mayBeStored(key)) {
            return row;
        }
        byte[] entryKey = entries.key(key);
        return stored.get(entryKey).map(value -> place(key, entryKey, value)).orElse(NONE);
    }

    /**
     * Finds the row numbers of many keys: {@link #NONE} for a key without a row. Reads the rows that are not on the heap.
     *
     * @param keys [count]
     * @param fingerprints [count] the keys' fingerprints, see {@link KeyIndex#fingerprint}
     * @param found [count] row numbers, filled
     */
    public void rows(String[] keys, long[] fingerprints, int count, int[] found) {
        arena.index().findAll(keys, fingerprints, count, found);
        for (int at = 0; at < count; at++) {
            if (found[at] == NONE && mayBeStored(keys[at])) {
                wanted.add(keys[at]);
            }
        }
        if (readWanted()) {
            arena.index().findAll(keys, fingerprints, count, found);
        }
    }

    /** Reads the rows of the wanted keys. Returns whether there were any. */
    private boolean readWanted() {
        absent.clear();
        if (wanted.isEmpty()) {
            return false;
        }
        String[] keys = wanted.toArray(String[]::new);
        wanted.clear();
        byte[][] entryKeys = Arrays.stream(keys).map(entries::key).toArray(byte[][]::new);
        byte[][] values = new byte[keys.length][];
        Function<byte[], Optional<byte[]>> lookup = stored.lookup();
        readers.share(keys.length, READS, (from, end, member) -> {
            for (int at = from; at < end; at++) {
                values[at] = lookup.apply(entryKeys[at]).orElse(NO_VALUE);
            }
        });
        for (int at = 0; at < keys.length; at++) { // in the order of the batch, whoever read them
            if (values[at].length > 0) {
                place(keys[at], entryKeys[at], values[at]);
            } else {
                absent.add(keys[at]);
            }
        }
        return absent.size() < keys.length;
    }

    private int place(String key, byte[] entryKey, byte[] value) {
        int row = arena.allocate(key);
        arena.place(row, entryKey, value);
        read++;
        missed += arena.isPassing() ? 0 : 1;
        return row;
    }

    /** Whether a key that has no row on the heap may have one in the store. */
    private boolean mayBeStored(String key) {
        return arena.index().size() < size && !removed.containsKey(key);
    }

    /** Returns the key of a row; the row must exist. */
    public String key(int row) {
        return arena.index().key(row);
    }

    /** Returns the key's row number; adds a row if the key has none. */
    int admit(String key) {
        int known = row(key);
        if (known != NONE) {
            return known;
        }
        int row = arena.allocate(key);
        initialRows.fill(name, key, values(), row * dim, dim);
        rule.begin(values(), slots(), row, dim);
        Optional.ofNullable(removed.remove(key)).ifPresent(share -> arena.keep(row, share));
        if (!arena.isKept(row) || stored == EntrySource.NONE) {
            unstored.add(key);
        }
        size++;
        admitted++;
        return row;
    }

    /**
     * Records that this step reads a key. Returns the key's row number. A key without a row gets one if this is the last
     * sighting that it needs; otherwise the result is {@link #NONE}.
     *
     * <p>The caller then calls {@link #countSightings} or {@link #forgetSightings}.
     */
    public int sight(String key) {
        if (admitAfter == 1 || sightings.count(key) + 1 >= admitAfter) {
            admittedInStep.add(key);
            return admit(key);
        }
        sighted.add(key);
        return NONE;
    }

    /** Counts one sighting of each key that this step read and that got no row. Returns the number of these keys. */
    public int countSightings() {
        int count = sighted.size();
        sighted.forEach(sightings::add);
        sighted.clear();
        admittedInStep.clear();
        return count;
    }

    /** Discards the sightings of a refused step, and the rows that it admitted; nothing else may have changed since. */
    public void forgetSightings() {
        admittedInStep.forEach(this::drop);
        admitted -= admittedInStep.size();
        admittedInStep.clear();
        sighted.clear();
    }

    /** [dim] Returns the initial row of a key. */
    public float[] initial(String key) {
        return initialRows.row(name, key, dim);
    }

    /**
     * Marks a row as changed by a step.
     *
     * @param moment order of this touch; larger than that of every earlier touch
     * @param time event time, epoch milliseconds
     */
    public void touch(int row, long moment, long time) {
        arena.touch(row, moment, time);
        learnt++;
    }

    /** Number of rows that a step removed because no step touched them for long, and because there were too many. */
    public record Removals(int expired, int displaced) {}

    /**
     * Removes each row that the sweep visits and that was last touched before a time. Then, if there are too many rows, it takes {@link
     * #CANDIDATES} times as many as must go, and removes those of them that were touched longest ago.
     *
     * @param before event time, epoch milliseconds
     * @param most rows that may be left
     */
    public Removals keepUp(long before, int most) {
        debt = Math.min(size, debt + BASE_VISITS + VISITS_A_ROW * admitted);
        admitted = 0;
        int expired = 0;
        if (debt >= Math.min(size, VISITS_AT_ONCE)) {
            for (RowSweep.Visited row : sweep.next((int) debt, sum)) {
                if (row.time() < before) {
                    drop(row.key());
                    expired++;
                }
            }
            debt = 0;
        }
        int excess = (int) Math.max(0, size - most);
        if (excess > 0) {
            sweep.next((int) Math.min(size, (long) CANDIDATES * excess), sum).stream()
                    .sorted(Comparator.comparingLong(RowSweep.Visited::moment))
                    .limit(excess)
                    .forEach(row -> drop(row.key()));
        }
        return new Removals(expired, excess);
    }

    /** Removes a key's row, and all trace of the key but what the next drain deletes. */
    public void remove(String key) {
        sweep.forget(key);
        drop(key);
        absent.clear();
    }

    private void drop(String key) {
        int row = row(key);
        if (row == NONE) {
            return;
        }
        unstored.remove(key);
        if (arena.isKept(row)) {
            removed.put(key, arena.share(row));
        }
        arena.release(row);
        size--;
    }

    /**
     * Restores a stored row, if all rows stay on the heap.
     *
     * @throws CorruptEntryException if the value is damaged, or is not one of this table
     */
    public void restore(String key, byte[] value) {
        int known = arena.index().find(key);
        if (known == NONE) {
            size++;
            unstored.add(key);
        } else {
            sum = sum.minus(arena.share(known));
        }
        int row = known == NONE ? arena.allocate(key) : known;
        arena.place(row, entries.key(key), value);
        sum = sum.plus(arena.share(row));
    }

    /** Restores what is stored beside the rows. */
    public void restore(TableRows all) {
        sweep.restore(all.cursor());
        debt = all.debt();
        if (stored != EntrySource.NONE) {
            sum = all.rows();
            size = sum.count();
        }
        drained = all.entry();
    }

    /**
     * Begins with the stored rows, when all else is restored.
     *
     * @param checked largest number of rows that are read here and now; more are checked by the sweep, and each when it is read
     */
    public void begin(long checked) {
        if (stored != EntrySource.NONE && size <= checked) {
            EntrySum[] found = {EntrySum.NONE};
            stored.scan(entries.first(), entries.end(), (key, value) -> {
                entries.readTouch(value);
                found[0] = found[0].plus(entries.share(key, value));
                return true;
            });
            sum = found[0];
            size = sum.count();
        }
    }

    /** Returns the sum of the rows' entries as of the last drain. */
    public EntrySum sum() {
        return sum;
    }

    public SightingCounts sightings() {
        return sightings;
    }

    /**
     * Hands over the changes since the last drain.
     *
     * @param sink takes the entry of each changed row, and the key of each removed row's
     * @return what is to be stored beside the rows; absent if that has not changed
     */
    public Optional<TableRows> drain(EntrySink sink) {
        arena.dirty().forEach(row -> {
            String rowKey = key(row);
            byte[] key = entries.key(rowKey);
            byte[] value = arena.value(row);
            EntryShare share = entries.share(key, value);
            if (arena.isKept(row)) {
                sum = sum.minus(arena.share(row));
                sweep.deleted(rowKey, arena.share(row));
            }
            sum = sum.plus(share);
            sweep.written(rowKey, share);
            arena.keep(row, share);
            sink.put(key, value);
        });
        removed.forEach((rowKey, share) -> {
            sum = sum.minus(share);
            sweep.deleted(rowKey, share);
            sink.delete(entries.key(rowKey));
        });
        arena.clean();
        isDoubted = false;
        absent.clear();
        removed.clear();
        if (stored != EntrySource.NONE) {
            unstored.clear();
        }
        TableRows now = new TableRows(sum, sweep.cursor(), debt);
        byte[] entry = now.entry();
        boolean isSame = Arrays.equals(entry, drained);
        drained = entry;
        return isSame ? Optional.empty() : Optional.of(now);
    }

    /**
     * Visits key and value of the stored entries from a key on, in the order of the keys. Before a {@link #drain}, those of changed rows are as they were.
     *
     * @param from any key; entries of lower keys are passed over
     * @param visitor returns false for the last entry that it wants
     */
    public void forEachEntryFrom(byte[] from, BiPredicate<byte[], byte[]> visitor) {
        byte[] begin = Arrays.compareUnsigned(from, entries.first()) < 0 ? entries.first() : from;
        if (stored != EntrySource.NONE) {
            stored.scan(begin, entries.end(), visitor);
            return;
        }
        for (String key : unstored) {
            byte[] entryKey = entries.key(key);
            if (Arrays.compareUnsigned(entryKey, begin) >= 0
                    && !visitor.test(entryKey, arena.value(arena.index().find(key)))) {
                return;
            }
        }
    }

    /**
     * Visits key and row of each row in the order of the stored keys. Follows {@link #drain}.
     *
     * @param visitor takes a key and [dim] its row, which is its own only until it returns
     */
    public void forEachRow(BiConsumer<String, float[]> visitor) {
        float[] row = new float[dim];
        float[] memory = new float[slotsARow];
        forEachEntryFrom(entries.first(), (key, value) -> {
            entries.read(value, row, 0, memory, 0);
            visitor.accept(entries.rowKey(key), row);
            return true;
        });
    }

    /** Notes that a row may not be finite after its touch. Any thread. */
    void doubt() {
        isDoubted = true;
    }

    /** Returns the key of a row that changed since the last drain and is not finite, if there is one. */
    public Optional<String> unusableChange() {
        return !isDoubted
                ? Optional.empty()
                : arena.dirty()
                        .filter(row -> !arena.isFinite(row))
                        .mapToObj(this::key)
                        .findFirst();
    }

    /** Returns the key of a stored entry's row if it is not finite, and still is not. */
    public Optional<String> unusable(byte[] entryKey, byte[] value) {
        return entries.isFinite(value)
                ? Optional.empty()
                : Optional.of(entries.rowKey(entryKey)).filter(key -> !isUsable(key));
    }

    /** Returns whether a row, as it is now, has only finite components, or is gone. */
    public boolean isUsable(String key) {
        int row = arena.index().find(key);
        return row != NONE
                ? arena.isFinite(row)
                : removed.containsKey(key)
                        || stored.get(entries.key(key)).map(entries::isFinite).orElse(true);
    }

    /** Number of rows that the next drain deletes. */
    public int removedRows() {
        return removed.size();
    }

    /** Number of rows that were read from the store. */
    public long read() {
        return read;
    }

    /** Number of those that were needed for themselves, and not only in passing. */
    public long missed() {
        return missed;
    }

    /** Number of rows that steps changed, each as often as it was. */
    public long learnt() {
        return learnt;
    }

    /** Bytes of the rows on the heap, roughly. */
    public long heapBytes() {
        return arena.bytes();
    }

    /**
     * Takes rows off the heap that are stored as they are. All row numbers may become those of other rows.
     *
     * @param excess bytes that should become free
     * @return bytes that became free; the table may have more
     */
    public long evict(long excess) {
        if (stored == EntrySource.NONE) {
            return 0;
        }
        long freed = arena.evict(excess);
        arena = arena.fitting();
        return freed;
    }

    /** As {@link RowArena#pass}. */
    public void pass() {
        arena.pass();
    }

    /** As {@link RowArena#leavePassed}. */
    public void leavePassed(boolean isRoomShort) {
        arena.leavePassed(isRoomShort);
    }
}
