package dev.millrace.model.table;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntryShare;
import dev.millrace.state.EntrySource;
import dev.millrace.state.EntrySum;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A cursor that goes round the rows of a table in the order of their keys, some rows at a time. One thread.
 *
 * <p>What it visits is a function of the rows and the cursor: rows on the heap that are not stored yet are visited in their
 * place among the stored ones.
 *
 * <p>On its way it adds up the shares of the stored entries. Shares that change behind the cursor are corrected. So at the end
 * of a round the sum is that of the table, unless an entry was lost or damaged in the store.
 */
final class RowSweep {

    /**
     * A row that the cursor came by.
     *
     * @param moment of its last touch
     * @param time of its last touch, epoch milliseconds
     */
    record Visited(String key, long moment, long time) {}

    private final RowEntries entries;
    private final EntrySource stored;
    /** Keys of the rows that are not among the stored ones, in {@link RowEntries#ORDER}. */
    private final NavigableSet<String> unstored;

    /** Finds a row on the heap. */
    private final Function<String, Optional<Visited>> resident;
    /** Tells of a stored row whether it was removed since the last drain. */
    private final Predicate<String> isRemoved;
    /** The last key visited; absent at the start of a round. */
    private Optional<String> cursor = Optional.empty();

    private boolean isRoundWhole;
    private EntrySum passed = EntrySum.NONE;

    RowSweep(
            RowEntries entries,
            EntrySource stored,
            NavigableSet<String> unstored,
            Function<String, Optional<Visited>> resident,
            Predicate<String> isRemoved) {
        this.entries = entries;
        this.stored = stored;
        this.unstored = unstored;
        this.resident = resident;
        this.isRemoved = isRemoved;
    }

    Optional<String> cursor() {
        return cursor;
    }

    void restore(Optional<String> last) {
        cursor = last;
        isRoundWhole = false;
    }

    /** Leaves no trace of a removed key: if the cursor is there, a new round begins. */
    void forget(String key) {
        if (cursor.isPresent() && cursor.get().equals(key)) {
            restore(Optional.empty());
        }
    }

    /**
     * Visits the next rows, and begins the next round where the last one ends.
     *
     * @param count of rows; at most that of the table
     * @param expected sum of the stored rows
     * @throws CorruptEntryException if the stored rows do not come to the sum at the end of a round
     */
    List<Visited> next(int count, EntrySum expected) {
        List<Visited> visited = new ArrayList<>(count);
        while (visited.size() < count && isEndReached(visited, count)) {
            requireWhole(expected);
            cursor = Optional.empty();
            isRoundWhole = true;
            passed = EntrySum.NONE;
        }
        return visited;
    }

    /** Notes that an entry was written, or replaced another. */
    void written(String key, EntryShare share) {
        if (isPassed(key)) {
            passed = passed.plus(share);
        }
    }

    /** Notes that an entry was deleted, or replaced. */
    void deleted(String key, EntryShare share) {
        if (isPassed(key)) {
            passed = passed.minus(share);
        }
    }

    private boolean isPassed(String key) {
        return isRoundWhole && cursor.isPresent() && RowEntries.ORDER.compare(key, cursor.get()) <= 0;
    }

    private void requireWhole(EntrySum expected) {
        if (isRoundWhole && stored != EntrySource.NONE && !passed.equals(expected)) {
            throw new CorruptEntryException("the store has " + passed.count() + " rows of the " + expected.count()
                    + " that the commits wrote, or rows that they did not write");
        }
    }

    /** Visits rows up to the count, or to the end of the table. Returns whether that was reached first. */
    private boolean isEndReached(List<Visited> visited, int count) {
        Merge merge = new Merge(visited, count);
        byte[] from = cursor.map(entries::behind).orElseGet(entries::first);
        stored.scan(from, entries.end(), merge::stored);
        merge.rest();
        if (visited.size() == count) {
            cursor = Optional.of(visited.get(count - 1).key());
            return false;
        }
        return true;
    }

    /** Merges the stored rows with those that are not stored yet. */
    private final class Merge {

        private final List<Visited> visited;
        private final int count;
        private Optional<String> pending;

        Merge(List<Visited> visited, int count) {
            this.visited = visited;
            this.count = count;
            this.pending = cursor.isPresent()
                    ? Optional.ofNullable(unstored.higher(cursor.get()))
                    : unstored.stream().findFirst();
        }

        /** Returns whether to go on. */
        boolean stored(byte[] key, byte[] value) {
            String rowKey = entries.rowKey(key);
            while (visited.size() < count
                    && pending.isPresent()
                    && RowEntries.ORDER.compare(pending.get(), rowKey) < 0) {
                takePending();
            }
            if (visited.size() == count) {
                return false;
            }
            RowEntries.Touch touch = entries.readTouch(value);
            passed = passed.plus(entries.share(key, value));
            if (!isRemoved.test(rowKey)) {
                visited.add(resident.apply(rowKey).orElseGet(() -> new Visited(rowKey, touch.moment(), touch.time())));
            }
            return visited.size() < count;
        }

        void rest() {
            while (visited.size() < count && pending.isPresent()) {
                takePending();
            }
        }

        private void takePending() {
            String key = pending.orElseThrow();
            visited.add(resident.apply(key).orElseThrow());
            pending = Optional.ofNullable(unstored.higher(key));
        }
    }
}
