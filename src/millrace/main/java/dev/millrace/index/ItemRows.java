package dev.millrace.index;

import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * The row of each item. It keeps row numbers only: an item's id is read from the row, where it is anyway. A hash map would take some 56 bytes an
 * item; this takes 5 to 11, of the most items that there ever were.
 *
 * <p>It uses open addressing with linear probing. Ids of one hash code are searched one after the other; they are the shop's own. One writer and any number of readers: {@link #add}, {@link #move} and
 * {@link #remove} need the readers to be out, {@link #makeRoom} may run beside them.
 */
final class ItemRows {

    private static final int FIRST_CAPACITY = 1024;
    private static final int GOLDEN = 0x9e3779b9; // 2^32 / the golden ratio (Knuth 1973, 6.4)

    private final IntFunction<String> itemOf;

    /** [capacity] row + 1; 0 where there is none. The capacity is a power of two, at most three quarters full. */
    private volatile int[] slots = new int[FIRST_CAPACITY];

    private int size;

    /** @param itemOf returns the id of the item in a row */
    ItemRows(IntFunction<String> itemOf) {
        this.itemOf = itemOf;
    }

    /** Returns an item's row, if it has one. */
    OptionalInt row(String item) {
        int[] all = slots;
        for (int slot = home(item, all); all[slot] != 0; slot = next(slot, all)) {
            if (itemOf.apply(all[slot] - 1).equals(item)) {
                return OptionalInt.of(all[slot] - 1);
            }
        }
        return OptionalInt.empty();
    }

    /** Makes room for one more item. */
    void makeRoom() {
        int[] all = slots;
        if (4 * (size + 1) <= 3 * all.length) {
            return;
        }
        int[] larger = new int[2 * all.length];
        for (int entry : all) {
            if (entry != 0) {
                enter(entry, larger);
            }
        }
        slots = larger;
    }

    /** Enters a row, which has its item. Follows {@link #makeRoom}. */
    void add(int row) {
        enter(row + 1, slots);
        size++;
    }

    /** Notes that an item goes from one row to another. It is still in the one. */
    void move(int from, int to) {
        int[] all = slots;
        all[slotOf(from, all)] = to + 1;
    }

    /** Removes a row, which still has its item. */
    void remove(int row) {
        int[] all = slots;
        int hole = slotOf(row, all);
        // moves back the entries that were pushed past the hole, so that no probe stops too early (Knuth 1973, 6.4,
        // algorithm R)
        int mask = all.length - 1;
        for (int slot = next(hole, all); all[slot] != 0; slot = next(slot, all)) {
            int home = home(itemOf.apply(all[slot] - 1), all);
            if ((slot - home & mask) >= (slot - hole & mask)) {
                all[hole] = all[slot];
                hole = slot;
            }
        }
        all[hole] = 0;
        size--;
    }

    private void enter(int entry, int[] into) {
        int slot = home(itemOf.apply(entry - 1), into);
        while (into[slot] != 0) {
            slot = next(slot, into);
        }
        into[slot] = entry;
    }

    private int slotOf(int row, int[] all) {
        int slot = home(itemOf.apply(row), all);
        while (all[slot] != row + 1) {
            if (all[slot] == 0) {
                throw new IllegalStateException("row " + row + " was not entered");
            }
            slot = next(slot, all);
        }
        return slot;
    }

    private static int home(String item, int[] all) {
        return (item.hashCode() * GOLDEN) >>> (Integer.numberOfLeadingZeros(all.length) + 1);
    }

    private static int next(int slot, int[] all) {
        return slot + 1 & all.length - 1;
    }
}
