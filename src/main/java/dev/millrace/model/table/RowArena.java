package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;
import dev.millrace.state.EntryShare;
import dev.millrace.state.KeyIndex;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * The rows of a table that are on the heap, each under a row number. One thread.
 *
 * <p>Layout: parallel arrays by row number. `notes` has moment and time of the last touch, and the two lanes of the share of the stored
 * entry, side by side: a touch of a cold row waits for memory once. `dirty` rows changed since the last drain. `kept` rows have a stored
 * entry, and so a share. `recent` rows were changed since the clock's hand last passed.
 */
final class RowArena {

    /** Bytes of a row on the heap beside its floats, roughly: key, index, moment, time, share. */
    private static final long BYTES_A_ROW = 200;

    private static final int FIRST_CAPACITY = 1024;
    /** Places among the notes of a row. */
    private static final int MOMENT = 0;

    private static final int TIME = 1;
    private static final int SHARE = 2;
    private static final int NOTES = 4;

    /** The hand passes this part of the rows at once. */
    static final int PARTS = 16;

    private final String table;
    private final int dim;
    private final int slotsARow;
    private final RowEntries entries;
    private final KeyIndex index = new KeyIndex();

    private float[] values;
    private float[] slots;
    private long[] notes = new long[FIRST_CAPACITY * NOTES];
    private int end;
    private int[] free = new int[16];
    private int freeCount;
    private int hand;

    private final BitSet dirty = new BitSet();
    private final BitSet kept = new BitSet();
    private final BitSet recent = new BitSet();
    /** Rows that were read in passing. */
    private final BitSet passed = new BitSet();

    private boolean isPassing;

    RowArena(String table, int dim, int slotsARow, RowEntries entries) {
        this.table = table;
        this.dim = dim;
        this.slotsARow = slotsARow;
        this.entries = entries;
        this.values = new float[FIRST_CAPACITY * dim];
        this.slots = new float[FIRST_CAPACITY * slotsARow];
    }

    KeyIndex index() {
        return index;
    }

    /** Upper bound of the row numbers, exclusive. */
    int end() {
        return end;
    }

    /** [end, dim] valid until the next {@link #allocate}. */
    float[] values() {
        return values;
    }

    /** [end, slots] valid until the next {@link #allocate}. */
    float[] slots() {
        return slots;
    }

    long moment(int row) {
        return notes[row * NOTES + MOMENT];
    }

    long time(int row) {
        return notes[row * NOTES + TIME];
    }

    /** Gives the key a row number. Values and slots are those of an earlier row. */
    int allocate(String key) {
        int row = freeCount > 0 ? free[--freeCount] : end++;
        if (row * NOTES == notes.length) {
            grow(row);
        }
        setTouch(row, 0, 0);
        index.put(key, row);
        return row;
    }

    private void grow(int full) {
        int widest = Math.max(NOTES, Math.max(dim, slotsARow));
        int capacity = Math.toIntExact(Math.min((long) full + full / 2, Integer.MAX_VALUE / widest - 1));
        if (capacity <= full) {
            throw new IllegalStateException("table " + table + " is full: " + full + " rows of " + dim + " floats");
        }
        slots = Arrays.copyOf(slots, capacity * slotsARow);
        values = Arrays.copyOf(values, capacity * dim);
        notes = Arrays.copyOf(notes, capacity * NOTES);
    }

    /** Takes a row off the heap, with its number. */
    void release(int row) {
        index.remove(index.key(row));
        dirty.clear(row);
        kept.clear(row);
        recent.clear(row);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount++] = row;
    }

    /** Fills a row from its stored entry. */
    void place(int row, byte[] key, byte[] value) {
        ByteBuffer touch = entries.read(value, values, row * dim, slots, row * slotsARow);
        setTouch(row, touch.getLong(), touch.getLong());
        keep(row, entries.share(key, value));
        if (isPassing) {
            passed.set(row);
        }
    }

    /** From now on, rows that are placed can be taken off the heap by {@link #leavePassed}. */
    void pass() {
        isPassing = true;
    }

    /**
     * Ends what {@link #pass} began. Between the two no step may change rows.
     *
     * @param isRoomShort whether the rows that were placed leave the heap, for those that steps read
     */
    void leavePassed(boolean isRoomShort) {
        if (isRoomShort) {
            passed.stream().forEach(this::release);
        }
        passed.clear();
        isPassing = false;
    }

    /** Returns the entry's value of a row as it is. */
    byte[] value(int row) {
        return entries.value(values, row * dim, slots, row * slotsARow, moment(row), time(row));
    }

    void touch(int row, long moment, long time) {
        dirty.set(row);
        recent.set(row);
        setTouch(row, moment, time);
    }

    private void setTouch(int row, long moment, long time) {
        notes[row * NOTES + MOMENT] = moment;
        notes[row * NOTES + TIME] = time;
    }

    /** Notes the share of a row's stored entry. */
    void keep(int row, EntryShare share) {
        kept.set(row);
        notes[row * NOTES + SHARE] = share.first();
        notes[row * NOTES + SHARE + 1] = share.second();
    }

    boolean isKept(int row) {
        return kept.get(row);
    }

    /** Returns the share of the stored entry of a row that is kept. */
    EntryShare share(int row) {
        return new EntryShare(notes[row * NOTES + SHARE], notes[row * NOTES + SHARE + 1]);
    }

    /** Returns the numbers of the rows that changed since the last {@link #clean}, ascending. */
    IntStream dirty() {
        return dirty.stream();
    }

    void clean() {
        dirty.clear();
    }

    boolean isFinite(int row) {
        return Loops.now().areFinite(values, row * dim, (row + 1) * dim);
    }

    /** Visits key and row number of each row. */
    void forEach(BiConsumer<String, Integer> visitor) {
        index.forEach(visitor);
    }

    long bytes() {
        return index.size() * bytesARow();
    }

    /**
     * Passes the clock's hand over a part of the rows. Rows that are stored as they are, and not recent, leave the heap; the
     * others are no longer recent.
     *
     * @param excess bytes after which it stops
     * @return bytes that became free
     */
    long evict(long excess) {
        long freed = 0;
        for (int left = end / PARTS + 1; left > 0 && freed < excess; left--) {
            hand = hand + 1 < end ? hand + 1 : 0;
            if (!kept.get(hand) || dirty.get(hand)) {
                continue;
            }
            if (recent.get(hand)) {
                recent.clear(hand);
            } else {
                release(hand);
                freed += bytesARow();
            }
        }
        return freed;
    }

    private long bytesARow() {
        return BYTES_A_ROW + (long) Float.BYTES * (dim + slotsARow);
    }
}
