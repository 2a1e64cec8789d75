package dev.millrace.state;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/**
 * The {@link EntrySum} of a set of entries, updated entry by entry. Its cost depends on the number of changes, not on the
 * number of entries. It keeps the share of each entry, and subtracts it when the entry changes.
 *
 * <p>Layout: three longs an entry, in hash tables with open addressing, by 64 bits of a {@link Hash128} of the key. Its seed is
 * another in each process, so that nobody can choose keys of the same bits. There are many small tables, and each grows by a quarter when it is
 * three quarters full: so millions of entries take no more than 42 bytes each, and to grow takes no room for all of them twice. One thread.
 */
public final class EntryDigest {

    private static final int TABLES = 256;
    private static final Hash128 SEED = seed();

    private final Table[] tables = new Table[TABLES];
    private EntrySum sum = EntrySum.NONE;

    public EntryDigest() {
        Arrays.setAll(tables, at -> new Table());
    }

    /** Adds an entry, or replaces its value. */
    public void put(byte[] key, byte[] value) {
        long fingerprint = fingerprint(key);
        EntryShare share = EntryShare.of(key, value);
        table(fingerprint).put(fingerprint, share).ifPresent(before -> sum = sum.minus(before));
        sum = sum.plus(share);
    }

    /** Removes an entry. Does nothing if there is none with that key. */
    public void remove(byte[] key) {
        long fingerprint = fingerprint(key);
        table(fingerprint).remove(fingerprint).ifPresent(before -> sum = sum.minus(before));
    }

    /** Returns the number of entries and the sum of their shares. */
    public EntrySum sum() {
        return sum;
    }

    /** Returns the digest of all entries, [32]. */
    public byte[] digest() {
        return sum.digest();
    }

    private long fingerprint(byte[] key) {
        long bits = Hash128.of(key, SEED).first();
        return bits == Table.FREE ? 1 : bits;
    }

    private static Hash128 seed() {
        SecureRandom random = new SecureRandom();
        return new Hash128(random.nextLong(), random.nextLong());
    }

    private Table table(long fingerprint) {
        return tables[(int) (fingerprint >>> 56)];
    }

    /** Shares by fingerprint. */
    private static final class Table {

        static final long FREE = 0;

        private static final int FIRST_CAPACITY = 16;
        private static final int LONGS = 3;

        private long[] slots = new long[LONGS * FIRST_CAPACITY]; // [capacity, 3] fingerprint, two lanes of the share
        private int capacity = FIRST_CAPACITY;
        private int count;

        /** Returns what the fingerprint had before. */
        Optional<EntryShare> put(long fingerprint, EntryShare share) {
            int slot = find(fingerprint);
            Optional<EntryShare> before = at(slot);
            slots[slot] = fingerprint;
            slots[slot + 1] = share.first();
            slots[slot + 2] = share.second();
            if (before.isEmpty() && 4 * ++count > 3 * capacity) {
                grow();
            }
            return before;
        }

        /** Returns what the fingerprint had. */
        Optional<EntryShare> remove(long fingerprint) {
            int slot = find(fingerprint);
            Optional<EntryShare> before = at(slot);
            if (before.isPresent()) {
                count--;
                close(slot / LONGS);
            }
            return before;
        }

        private Optional<EntryShare> at(int slot) {
            return slots[slot] == FREE
                    ? Optional.empty()
                    : Optional.of(new EntryShare(slots[slot + 1], slots[slot + 2]));
        }

        /** Returns where a fingerprint is looked for first: the lower half of its bits, as a share of the capacity. */
        private int home(long fingerprint) {
            return (int) (((fingerprint & 0xffff_ffffL) * capacity) >>> 32);
        }

        private int next(int at) {
            return at + 1 == capacity ? 0 : at + 1;
        }

        /** Returns the slot of the fingerprint, or the free slot where it belongs. */
        private int find(long fingerprint) {
            int at = home(fingerprint);
            while (slots[LONGS * at] != FREE && slots[LONGS * at] != fingerprint) {
                at = next(at);
            }
            return LONGS * at;
        }

        /** Frees a place and moves back the entries that were placed behind it because their own places were taken. */
        private void close(int freed) {
            int gap = freed;
            for (int at = next(gap); slots[LONGS * at] != FREE; at = next(at)) {
                int home = home(slots[LONGS * at]);
                if (Math.floorMod(at - home, capacity) >= Math.floorMod(at - gap, capacity)) {
                    System.arraycopy(slots, LONGS * at, slots, LONGS * gap, LONGS);
                    gap = at;
                }
            }
            slots[LONGS * gap] = FREE;
        }

        private void grow() {
            long[] before = slots;
            capacity = Math.multiplyExact(capacity, 5) / 4;
            slots = new long[Math.multiplyExact(LONGS, capacity)];
            for (int slot = 0; slot < before.length; slot += LONGS) {
                if (before[slot] != FREE) {
                    System.arraycopy(before, slot, slots, find(before[slot]), LONGS);
                }
            }
        }
    }
}
