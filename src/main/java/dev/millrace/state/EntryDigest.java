package dev.millrace.state;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * The {@link EntrySum} of a set of entries, updated entry by entry. Its cost depends on the number of changes, not on the
 * number of entries. It keeps the share of each entry, and subtracts it when the entry changes.
 *
 * <p>Layout: a hash table with open addressing and three longs per entry, addressed by 64 bits of SHA-256(key), at most
 * two thirds full. One thread.
 */
public final class EntryDigest {

    private static final int FIRST_CAPACITY = 1024;
    private static final int LONGS = 3;
    private static final long FREE = 0;

    private final MessageDigest sha = Sha256.start();
    private long[] slots = new long[LONGS * FIRST_CAPACITY]; // [capacity, 3] key's fingerprint, two lanes of its share
    private int mask = FIRST_CAPACITY - 1;
    private int count;
    private EntrySum sum = EntrySum.NONE;

    /** Adds an entry, or replaces its value. */
    public void put(byte[] key, byte[] value) {
        long fingerprint = fingerprint(key);
        EntryShare share = EntryShare.of(sha, key, value);
        int slot = find(fingerprint);
        if (slots[slot] == FREE) {
            slots[slot] = fingerprint;
            count++;
        } else {
            subtract(slot);
        }
        slots[slot + 1] = share.first();
        slots[slot + 2] = share.second();
        sum = sum.plus(share);
        if (3 * count > 2 * (mask + 1)) {
            grow();
        }
    }

    /** Removes an entry. Does nothing if there is none with that key. */
    public void remove(byte[] key) {
        int slot = find(fingerprint(key));
        if (slots[slot] == FREE) {
            return;
        }
        subtract(slot);
        count--;
        close(slot);
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
        long bits = ByteBuffer.wrap(sha.digest(key)).getLong();
        return bits == FREE ? 1 : bits;
    }

    private void subtract(int slot) {
        sum = sum.minus(new EntryShare(slots[slot + 1], slots[slot + 2]));
    }

    /** Returns the slot of the fingerprint, or the free slot where it belongs. */
    private int find(long fingerprint) {
        int at = (int) fingerprint & mask;
        while (slots[LONGS * at] != FREE && slots[LONGS * at] != fingerprint) {
            at = (at + 1) & mask;
        }
        return LONGS * at;
    }

    /** Frees a slot and moves back the entries that were placed behind it because their own slots were taken. */
    private void close(int slot) {
        int gap = slot / LONGS;
        int at = gap;
        while (true) {
            at = (at + 1) & mask;
            long fingerprint = slots[LONGS * at];
            if (fingerprint == FREE) {
                slots[LONGS * gap] = FREE;
                return;
            }
            int home = (int) fingerprint & mask;
            if (((at - home) & mask) >= ((at - gap) & mask)) {
                System.arraycopy(slots, LONGS * at, slots, LONGS * gap, LONGS);
                gap = at;
            }
        }
    }

    private void grow() {
        long[] before = slots;
        int capacity = Math.multiplyExact(2, mask + 1);
        slots = new long[Math.multiplyExact(LONGS, capacity)];
        mask = capacity - 1;
        for (int slot = 0; slot < before.length; slot += LONGS) {
            if (before[slot] != FREE) {
                System.arraycopy(before, slot, slots, find(before[slot]), LONGS);
            }
        }
    }
}
