package dev.millrace.model.table;

import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * One row a key, in one growing arena; no two keys share a row. One thread.
 *
 * <p>How many there are is bounded: a key gets a row once enough steps have seen it, a row that was not touched for long goes,
 * and of a full table the row that was touched longest ago. All three follow from the steps alone.
 *
 * <p>Row numbers depend on the order of arrival and on what was freed; nothing computed may depend on them.
 */
public final class EmbeddingTable {

    /** No row. */
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
     * @param rule by which the rows follow their gradients
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

    /** Above every row number. */
    int end() {
        return end;
    }

    /** [end, dim] the rows; valid until the next admission. */
    public float[] values() {
        return values;
    }

    /** What moves the rows. */
    RowOptimiser optimiser() {
        return optimiser;
    }

    /** [end, slots] what {@link #optimiser} remembers of the rows; valid until the next admission. */
    float[] slots() {
        return slots;
    }

    public int slotsARow() {
        return slotsARow;
    }

    /** The key's row, or {@link #NONE}. */
    public int row(String key) {
        return rows.find(key);
    }

    /**
     * The rows of many keys, {@link #NONE} where there is none.
     *
     * @param keys [count]
     * @param fingerprints [count] of the keys, as {@link KeyIndex#fingerprint} makes them
     * @param found [count] filled
     */
    public void rows(String[] keys, long[] fingerprints, int count, int[] found) {
        rows.findAll(keys, fingerprints, count, found);
    }

    /** The key of a row that is there. */
    public String key(int row) {
        return rows.key(row);
    }

    /** The key's row; a new one if there is none. */
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
     * The key's row. A key without one gets a row if this step's sighting is the last that it needs; else {@link #NONE}.
     *
     * <p>Followed by {@link #countSightings} or {@link #forgetSightings}.
     */
    public int sight(String key) {
        if (admitAfter == 1 || sightings.count(key) + 1 >= admitAfter) {
            return admit(key);
        }
        sighted.add(key);
        return NONE;
    }

    /** Counts the keys that this step saw and that got no row, each once. Returns how many. */
    public int countSightings() {
        int count = sighted.size();
        sighted.forEach(sightings::add);
        sighted.clear();
        return count;
    }

    /** Forgets the sightings of a step that is refused. */
    public void forgetSightings() {
        sighted.clear();
    }

    /** The row a key would begin with. */
    public float[] initial(String key) {
        return initialRows.row(name, key, dim);
    }

    /** Lets the next drain hand a row over. */
    public void touch(int row) {
        dirty.set(row);
    }

    /**
     * Notes that a step changed a row.
     *
     * @param moment above that of any touch before
     * @param time event time, epoch milliseconds
     */
    public void touch(int row, long moment, long time) {
        touch(row);
        recency.touch(row, moment, time);
    }

    /**
     * Removes rows that were last touched before a time, oldest first.
     *
     * @param most rows to remove at once
     * @return how many it removed
     */
    public int expire(long before, int most) {
        int gone = 0;
        for (int row = recency.oldest(); gone < most && row != NONE && recency.time(row) < before; gone++) {
            remove(rows.key(row));
            row = recency.oldest();
        }
        return gone;
    }

    /** Removes the rows that were touched longest ago until at most that many are left. Returns how many it removed. */
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

    /** Takes an admission back; nothing else may have changed since. */
    public void retract(String key) {
        boolean wasRemoved = removed.contains(key);
        remove(key);
        if (!wasRemoved) {
            removed.remove(key);
        }
    }

    /**
     * Takes back a stored row, and when it was last touched.
     *
     * @param row [dim]
     * @param remembered [slots] of the optimiser
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

    /** Hands over what changed since the last drain, in no order: rows by key and number, then keys that were removed. */
    public void drain(BiConsumer<String, Integer> changed, Consumer<String> gone) {
        dirty.stream().forEach(row -> changed.accept(rows.key(row), row));
        // a key that was removed and admitted again has a row
        removed.stream().filter(key -> rows.find(key) == NONE).forEach(gone);
        dirty.clear();
        removed.clear();
    }

    /**
     * Whether rows have only finite components.
     *
     * @param isWhole whether to look at all rows, not only at those that changed since the last drain
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
