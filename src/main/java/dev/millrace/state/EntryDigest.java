package dev.millrace.state;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * SHA-256 over a set of entries, kept up to date entry by entry: what it costs goes with what changes, not with what there is.
 *
 * <p>Each entry adds the first 128 bits of SHA-256(key length, key, value) to a sum of two 64-bit lanes and takes its old share
 * out again when it changes; the digest is SHA-256 of number and sum. Addition does not ask for an order, so the digest is a
 * function of the entries alone, whenever and in whatever order they were written. (An additive multiset hash in the manner of
 * Clarke et al. 2003: made to find faults, not to withstand an opponent who may choose the entries.)
 *
 * <p>Layout: an open-addressed table of three longs an entry, found by 64 bits of SHA-256(key), never more than two thirds
 * full. One thread.
 */
public final class EntryDigest {

    private static final int FIRST_CAPACITY = 1024;
    private static final int LONGS = 3;
    private static final long FREE = 0;

    private final MessageDigest sha = Sha256.start();
    private long[] slots = new long[LONGS * FIRST_CAPACITY]; // [capacity, 3] key's fingerprint, two lanes of its share
    private int mask = FIRST_CAPACITY - 1;
    private int count;
    private long firstLane;
    private long secondLane;

    /** The entry is new, or has a new value. */
    public void put(byte[] key, byte[] value) {
        long fingerprint = fingerprint(key);
        sha.update((byte) (key.length >>> 8));
        sha.update((byte) key.length);
        sha.update(key);
        ByteBuffer share = ByteBuffer.wrap(sha.digest(value));
        int slot = find(fingerprint);
        if (slots[slot] == FREE) {
            slots[slot] = fingerprint;
            count++;
        } else {
            subtract(slot);
        }
        slots[slot + 1] = share.getLong();
        slots[slot + 2] = share.getLong();
        firstLane += slots[slot + 1];
        secondLane += slots[slot + 2];
        if (3 * count > 2 * (mask + 1)) {
            grow();
        }
    }

    /** The entry is no more; nothing happens if it never was. */
    public void remove(byte[] key) {
        int slot = find(fingerprint(key));
        if (slots[slot] == FREE) {
            return;
        }
        subtract(slot);
        count--;
        close(slot);
    }

    /** Entries there are. */
    public int entries() {
        return count;
    }

    /** [32] the digest of all entries. */
    public byte[] digest() {
        return sha.digest(ByteBuffer.allocate(3 * Long.BYTES)
                .putLong(count)
                .putLong(firstLane)
                .putLong(secondLane)
                .array());
    }

    private long fingerprint(byte[] key) {
        long bits = ByteBuffer.wrap(sha.digest(key)).getLong();
        return bits == FREE ? 1 : bits;
    }

    private void subtract(int slot) {
        firstLane -= slots[slot + 1];
        secondLane -= slots[slot + 2];
    }

    /** The fingerprint's slot, or the free one where it would go. */
    private int find(long fingerprint) {
        int at = (int) fingerprint & mask;
        while (slots[LONGS * at] != FREE && slots[LONGS * at] != fingerprint) {
            at = (at + 1) & mask;
        }
        return LONGS * at;
    }

    /** Frees a slot and moves back whatever was put behind it for want of room. */
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
