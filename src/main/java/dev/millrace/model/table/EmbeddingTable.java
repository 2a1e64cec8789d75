package dev.millrace.model.table;

import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Embedding rows by key, in one growing array. No two keys share a row. One thread.
 *
 * <p>Three rules bound the number of rows. A key gets a row once enough steps have read it. A row that no step touched for
 * long is removed. A table with too many rows loses the rows that were touched longest ago. All three depend on the steps
 * alone.
 *
 * <p>A row number depends on the order of arrival and on freed rows. No result may depend on a row number.
 */
public final class EmbeddingTable {

    /** In place of a row number: the key has no row. */
    public static final int NONE = KeyIndex.NONE;

    private static final int FIRST_CAPACITY = 1024;

    private final String name;
    private final int dim;
    private final InitialRows initialRows;
    private final int admitAfter;
    private final KeyIndex rows = new KeyIndex();
    private float[] values;
    private final RowOptimiser optimiser;
    private final int slotsARow;
    private float[] slots;
    private int end;
    private int[] free = new int[16];
    private int freeCount;
    private final BitSet dirty = new BitSet();
    private final TreeSet<String> removed = new TreeSet<>();
    private final RecencyOrder recency = new RecencyOrder();
    private final SightingCounts sightings = new SightingCounts();
    private final LinkedHashSet<String> sighted = new LinkedHashSet<>();

    /**
     * @param rule update rule of the rows
     * @param admitAfter steps that must have read a key before it gets a row
     */
    public EmbeddingTable(String name, int dim, InitialRows initialRows, OptimiserRule rule, int admitAfter) {
        this.name = name;
        this.dim = dim;
        this.initialRows = initialRows;
        this.admitAfter = admitAfter;
        this.optimiser = RowOptimiser.of(rule);
        this.slotsARow = optimiser.slots(dim);
        this.values = new float[FIRST_CAPACITY * dim];
        this.slots = new float[FIRST_CAPACITY * slotsARow];
    }

    public String name() {
        return name;
    }

    public int dim() {
        return dim;
    }

    public int size() {
        return rows.size();
    }

    /** Upper bound of the row numbers, exclusive. */
    int end() {
        return end;
    }

    /** [end, dim] the rows; valid until the next admission. */
    public float[] values() {
        return values;
    }

    /** The optimiser that updates the rows. */
    RowOptimiser optimiser() {
        return optimiser;
    }

    /** [end, slots] the optimiser's state of each row; valid until the next admission. */
    float[] slots() {
        return slots;
    }

    public int slotsARow() {
        return slotsARow;
    }

    /** Returns the key's row number, or {@link #NONE}. */
    public int row(String key) {
        return rows.find(key);
    }

    /**
     * Finds the row numbers of many keys: {@link #NONE} for a key without a row.
     *
     * @param keys [count]
     * @param fingerprints [count] the keys' fingerprints, see {@link KeyIndex#fingerprint}
     * @param found [count] row numbers, filled
     */
    public void rows(String[] keys, long[] fingerprints, int count, int[] found) {
        rows.findAll(keys, fingerprints, count, found);
    }

    /** Returns the key of a row; the row must exist. */
    public String key(int row) {
        return rows.key(row);
    }

    /** Returns the key's row number; adds a row if the key has none. */
    int admit(String key) {
        int known = rows.find(key);
        if (known != NONE) {
            return known;
        }
        int row = allocate(key);
        initialRows.fill(name, key, values, row * dim, dim);
        optimiser.begin(values, row * dim, dim, slots, row * slotsARow);
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
        return count;
    }

    /** Discards the sightings of a refused step. */
    public void forgetSightings() {
        sighted.clear();
    }

    /** [dim] Returns the initial row of a key. */
    public float[] initial(String key) {
        return initialRows.row(name, key, dim);
    }

    /** Marks a row as changed: the next drain hands it over. */
    public void touch(int row) {
        dirty.set(row);
    }

    /**
     * Marks a row as changed by a step.
     *
     * @param moment order of this touch; larger than that of every earlier touch
     * @param time event time, epoch milliseconds
     */
    public void touch(int row, long moment, long time) {
        touch(row);
        recency.touch(row, moment, time);
    }

    /**
     * Removes rows that were last touched before a time, oldest first.
     *
     * @param before event time, epoch milliseconds
     * @param most largest number of rows to remove
     * @return number of removed rows
     */
    public int expire(long before, int most) {
        int gone = 0;
        for (int row = recency.oldest(); gone < most && row != NONE && recency.time(row) < before; gone++) {
            remove(rows.key(row));
            row = recency.oldest();
        }
        return gone;
    }

    /** Removes the rows that were touched longest ago until at most {@code most} are left. Returns the number of removed rows. */
    public int shrinkTo(int most) {
        int gone = 0;
        for (; rows.size() > most; gone++) {
            remove(rows.key(recency.oldest()));
        }
        return gone;
    }

    public void remove(String key) {
        int row = rows.remove(key);
        if (row == NONE) {
            return;
        }
        dirty.clear(row);
        recency.remove(row);
        removed.add(key);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount++] = row;
    }

    /** Undoes an admission; nothing else may have changed since. */
    public void retract(String key) {
        boolean wasRemoved = removed.contains(key);
        remove(key);
        if (!wasRemoved) {
            removed.remove(key);
        }
    }

    /**
     * Restores a stored row, the optimiser's state of it, and its last touch.
     *
     * @param row [dim]
     * @param remembered [slots] the optimiser's state of the row
     */
    public void put(String key, float[] row, float[] remembered, long moment, long time) {
        int known = rows.find(key);
        int number = known == NONE ? allocate(key) : known;
        System.arraycopy(row, 0, values, number * dim, dim);
        System.arraycopy(remembered, 0, slots, number * slotsARow, slotsARow);
        recency.restore(number, moment, time);
    }

    public RecencyOrder recency() {
        return recency;
    }

    public SightingCounts sightings() {
        return sightings;
    }

    public float[] copy(int row) {
        return Arrays.copyOfRange(values, row * dim, (row + 1) * dim);
    }

    public float[] slotsCopy(int row) {
        return Arrays.copyOfRange(slots, row * slotsARow, (row + 1) * slotsARow);
    }

    /**
     * Hands over the changes since the last drain, in no order: key and row number of each changed row, then the key of each
     * removed row.
     */
    public void drain(BiConsumer<String, Integer> changed, Consumer<String> gone) {
        dirty.stream().forEach(row -> changed.accept(rows.key(row), row));
        // a key that was removed and admitted again has a row
        removed.stream().filter(key -> rows.find(key) == NONE).forEach(gone);
        dirty.clear();
        removed.clear();
    }

    /**
     * Returns whether the rows have only finite components.
     *
     * @param isWhole whether to check all rows, not only the rows that changed since the last drain
     */
    public boolean isFinite(boolean isWhole) {
        if (isWhole) {
            boolean[] found = {true};
            rows.forEach((key, row) -> found[0] &= areFinite(values, row * dim, (row + 1) * dim));
            return found[0];
        }
        return dirty.stream().allMatch(row -> areFinite(values, row * dim, (row + 1) * dim));
    }

    public static boolean areFinite(float[] components, int from, int to) {
        float sum = 0;
        for (int at = from; at < to; at++) {
            sum += 0f * components[at]; // NaN for what is not finite, else 0
        }
        return sum == 0f;
    }

    public void forEach(BiConsumer<String, Integer> visitor) {
        rows.forEach(visitor);
    }

    private int allocate(String key) {
        int row = freeCount > 0 ? free[--freeCount] : end++;
        if (row == values.length / dim) {
            int widest = Math.max(dim, slotsARow);
            int capacity = Math.toIntExact(Math.min((long) row + row / 2, Integer.MAX_VALUE / widest - 1));
            if (capacity <= row) {
                throw new IllegalStateException("table " + name + " is full: " + row + " rows of " + dim + " floats");
            }
            slots = Arrays.copyOf(slots, capacity * slotsARow);
            values = Arrays.copyOf(values, capacity * dim);
        }
        rows.put(key, row);
        return row;
    }
}
