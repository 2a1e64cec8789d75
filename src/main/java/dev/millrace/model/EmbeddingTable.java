package dev.millrace.model;

import java.util.Arrays;
import java.util.BitSet;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * One row a key, in one growing arena; no two keys share a row. One thread.
 *
 * <p>Row numbers depend on the order of arrival and on what was freed; nothing computed may depend on them.
 */
final class EmbeddingTable {

    /** No row. */
    static final int NONE = KeyIndex.NONE;

    private static final int FIRST_CAPACITY = 1024;

    private final String name;
    private final int dim;
    private final ModelSettings settings;
    private final KeyIndex rows = new KeyIndex();
    private float[] values;
    private float[] accumulators = new float[FIRST_CAPACITY];
    private int end;
    private int[] free = new int[16];
    private int freeCount;
    private final BitSet dirty = new BitSet();
    private final TreeSet<String> removed = new TreeSet<>();

    EmbeddingTable(String name, int dim, ModelSettings settings) {
        this.name = name;
        this.dim = dim;
        this.settings = settings;
        this.values = new float[FIRST_CAPACITY * dim];
    }

    String name() {
        return name;
    }

    int dim() {
        return dim;
    }

    int size() {
        return rows.size();
    }

    /** Rows ever in use at once: every row number is below. */
    int end() {
        return end;
    }

    /** [end, dim] the rows; valid until the next admission. */
    float[] values() {
        return values;
    }

    /** [end] sums of mean squared gradients, a row; valid until the next admission. */
    float[] accumulators() {
        return accumulators;
    }

    /** The key's row, or {@link #NONE}. */
    int row(String key) {
        return rows.find(key);
    }

    /**
     * The rows of many keys, {@link #NONE} where there is none.
     *
     * @param keys [count]
     * @param fingerprints [count] of the keys, as {@link KeyIndex#fingerprint} makes them
     * @param found [count] filled
     */
    void rows(String[] keys, long[] fingerprints, int count, int[] found) {
        rows.findAll(keys, fingerprints, count, found);
    }

    /** The key's row, made if there is none. */
    int admit(String key) {
        int known = rows.find(key);
        if (known != NONE) {
            return known;
        }
        int row = allocate(key);
        InitialRow.fill(settings.seed(), name, key, settings.towers().rowScale(), values, row * dim, dim);
        accumulators[row] = (float) settings.optimiser().rows().initialAccumulator();
        return row;
    }

    /** The row a key would begin with. */
    float[] initial(String key) {
        return InitialRow.of(settings, name, key, dim);
    }

    /** Notes that a row changed. */
    void touch(int row) {
        dirty.set(row);
    }

    void remove(String key) {
        int row = rows.remove(key);
        if (row == NONE) {
            return;
        }
        dirty.clear(row);
        removed.add(key);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount++] = row;
    }

    /** Undoes an admission that nothing followed. */
    void retract(String key) {
        boolean wasRemoved = removed.contains(key);
        remove(key);
        if (!wasRemoved) {
            removed.remove(key);
        }
    }

    /** Takes back a stored row. */
    void put(String key, float[] row, float accumulator) {
        int known = rows.find(key);
        int number = known == NONE ? allocate(key) : known;
        System.arraycopy(row, 0, values, number * dim, dim);
        accumulators[number] = accumulator;
    }

    float[] copy(int row) {
        return Arrays.copyOfRange(values, row * dim, (row + 1) * dim);
    }

    /** What changed since the last drain, in no order: rows by key and number, then keys that went. */
    void drain(BiConsumer<String, Integer> changed, Consumer<String> gone) {
        dirty.stream().forEach(row -> changed.accept(rows.key(row), row));
        // a key that went and came back has a row again, and is not gone
        removed.stream().filter(key -> rows.find(key) == NONE).forEach(gone);
        dirty.clear();
        removed.clear();
    }

    /**
     * Whether rows have only finite components.
     *
     * @param isWhole whether to look at all rows, not only at those that changed since the last drain
     */
    boolean isFinite(boolean isWhole) {
        if (isWhole) {
            boolean[] found = {true};
            rows.forEach((key, row) -> found[0] &= areFinite(values, row * dim, (row + 1) * dim));
            return found[0];
        }
        return dirty.stream().allMatch(row -> areFinite(values, row * dim, (row + 1) * dim));
    }

    static boolean areFinite(float[] components, int from, int to) {
        float sum = 0;
        for (int at = from; at < to; at++) {
            sum += 0f * components[at]; // NaN for what is not finite, else 0
        }
        return sum == 0f;
    }

    void forEach(BiConsumer<String, Integer> visitor) {
        rows.forEach(visitor);
    }

    private int allocate(String key) {
        int row = freeCount > 0 ? free[--freeCount] : end++;
        if (row == accumulators.length) {
            int capacity = Math.toIntExact(Math.min((long) row + row / 2, Integer.MAX_VALUE / dim - 1));
            if (capacity <= row) {
                throw new IllegalStateException("table " + name + " is full: " + row + " rows of " + dim + " floats");
            }
            accumulators = Arrays.copyOf(accumulators, capacity);
            values = Arrays.copyOf(values, capacity * dim);
        }
        rows.put(key, row);
        return row;
    }
}
