package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;
import dev.millrace.state.EntryShare;
import dev.millrace.state.KeyIndex;
import java.util.Arrays;
import java.util.BitSet;
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
    private static final int FIRST_FREE = 16;
    /** Of the rows, as their divisor, what an arena has room for beside them when it is made anew. */
    private static final int SPARE = 4;

    /** An arena with so many times the room that its rows take gives it back: another table may need it. */
    private static final int TOO_MUCH_ROOM = 2;

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
    private long[] notes;
    private int end;
    private int[] free = new int[FIRST_FREE];
    private int freeCount;
    private int hand;

    private final BitSet dirty = new BitSet();
    private final BitSet kept = new BitSet();
    private final BitSet recent = new BitSet();
    /** Rows that were read in passing. */
    private final BitSet passed = new BitSet();

    private boolean isPassing;

    RowArena(String table, int dim, int slotsARow, RowEntries entries) {
        this(table, dim, slotsARow, entries, FIRST_CAPACITY);
    }

    private RowArena(String table, int dim, int slotsARow, RowEntries entries, int capacity) {
        this.table = table;
        this.dim = dim;
        this.slotsARow = slotsARow;
        this.entries = entries;
        this.values = new float[capacity * dim];
        this.slots = new float[capacity * slotsARow];
        this.notes = new long[capacity * NOTES];
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
        int capacity = Math.toIntExact(Math.min((long) full + full / SPARE, Integer.MAX_VALUE / widest - 1));
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
        RowEntries.Touch touch = entries.read(value, values, row * dim, slots, row * slotsARow);
        setTouch(row, touch.moment(), touch.time());
        keep(row, entries.share(key, value));
        if (isPassing) {
            passed.set(row);
        }
    }

    /** From now on, rows that are placed can be taken off the heap by {@link #leavePassed}. */
    void pass() {
        isPassing = true;
    }

    boolean isPassing() {
        return isPassing;
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

    /** Returns this arena, or if few rows are left for its room, one that fits them, in which they have other numbers. */
    RowArena fitting() {
        if (notes.length / NOTES <= TOO_MUCH_ROOM * (index.size() + FIRST_CAPACITY)) {
            return this;
        }
        int capacity = index.size() + index.size() / SPARE + FIRST_CAPACITY;
        RowArena now = new RowArena(table, dim, slotsARow, entries, capacity);
        index.forEach((key, row) -> {
            int to = now.end++;
            now.index.put(key, to);
            System.arraycopy(values, row * dim, now.values, to * dim, dim);
            System.arraycopy(slots, row * slotsARow, now.slots, to * slotsARow, slotsARow);
            System.arraycopy(notes, row * NOTES, now.notes, to * NOTES, NOTES);
            now.dirty.set(to, dirty.get(row));
            now.kept.set(to, kept.get(row));
            now.recent.set(to, recent.get(row));
            now.passed.set(to, passed.get(row));
        });
        now.isPassing = isPassing;
        return now;
    }

    private long bytesARow() {
        return BYTES_A_ROW + (long) Float.BYTES * (dim + slotsARow);
    }
}
