package dev.millrace.state;

import java.util.Arrays;
import java.util.function.BiConsumer;

/**
 * A hash table from keys to numbers. One thread.
 *
 * <p>It uses open addressing with linear probing over pairs of longs: a fingerprint and a number. A short Latin-1 key is its
 * own fingerprint, so a look-up does not read the key's text. The fingerprint of any other key is a hash, and a look-up
 * compares the text. The comparison with a {@code HashMap} is in docs/decisions/0003.
 */
public final class KeyIndex {

    /** In place of a number: the key has none. */
    public static final int NONE = -1;

    /** In place of a number: the first place of the key is taken by another. */
    private static final int ELSEWHERE = -2;

    private static final int EXACT_LENGTH = 7;
    private static final int LATIN_1_END = 256;
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final int FIRST_CAPACITY = 1024;

    /** [capacity, 2] fingerprint, number + 1; zeros where there is none. The capacity is a power of two, at most half full. */
    private long[] slots = new long[2 * FIRST_CAPACITY];

    private int shift = Long.numberOfLeadingZeros(FIRST_CAPACITY) + 1;
    private String[] keys = new String[FIRST_CAPACITY];
    private int size;

    public int size() {
        return size;
    }

    /** Returns the key of a number; the number must be in use. */
    public String key(int number) {
        return keys[number];
    }

    /**
     * Returns the fingerprint of a key. For a short Latin-1 key it is a leading 1 and the characters, and positive. For any
     * other key it is a hash, and negative.
     */
    public static long fingerprint(String key) {
        int length = key.length();
        if (length <= EXACT_LENGTH) {
            long packed = 1;
            int all = 0;
            for (int at = 0; at < length; at++) {
                char letter = key.charAt(at);
                packed = packed << Byte.SIZE | letter;
                all |= letter;
            }
            if (all < LATIN_1_END) {
                return packed;
            }
        }
        long hash = FNV_OFFSET;
        for (int at = 0; at < length; at++) {
            hash = (hash ^ key.charAt(at)) * FNV_PRIME;
        }
        return hash | Long.MIN_VALUE;
    }

    /** Returns the key's number, or {@link #NONE}. */
    public int find(String key) {
        return (int) slots[slot(fingerprint(key), key) + 1] - 1;
    }

    /**
     * Finds the numbers of many keys, in passes: a pass waits for the memory of several keys at once.
     *
     * @param wanted [count] keys
     * @param fingerprints [count] the keys' fingerprints
     * @param numbers [count] result of {@link #find} for each key, filled
     */
    public void findAll(String[] wanted, long[] fingerprints, int count, int[] numbers) {
        for (int at = 0; at < count; at++) {
            int home = home(fingerprints[at]);
            long found = slots[home];
            numbers[at] = found == fingerprints[at] ? (int) slots[home + 1] - 1 : found == 0 ? NONE : ELSEWHERE;
        }
        for (int at = 0; at < count; at++) {
            int number = numbers[at];
            boolean isOther = number >= 0 && fingerprints[at] < 0 && !keys[number].equals(wanted[at]);
            if (isOther || number == ELSEWHERE) {
                numbers[at] = (int) slots[slot(fingerprints[at], wanted[at]) + 1] - 1;
            }
        }
    }

    /** Gives a number to a key that has none. */
    public void put(String key, int number) {
        if (2 * (size + 1) > slots.length / 2) {
            grow();
        }
        if (number >= keys.length) {
            keys = Arrays.copyOf(keys, Math.max(number + 1, keys.length + keys.length / 2));
        }
        long fingerprint = fingerprint(key);
        int slot = slot(fingerprint, key);
        slots[slot] = fingerprint;
        slots[slot + 1] = number + 1L;
        keys[number] = key;
        size++;
    }

    /** Removes a key. Returns its number, or {@link #NONE} if it had none. */
    public int remove(String key) {
        int hole = slot(fingerprint(key), key);
        int number = (int) slots[hole + 1] - 1;
        if (number == NONE) {
            return NONE;
        }
        keys[number] = "";
        size--;
        // moves back the entries that were pushed past the hole, so that no probe stops too early (Knuth 1973, 6.4,
        // algorithm R)
        int mask = slots.length - 1;
        for (int next = hole + 2 & mask; slots[next + 1] != 0; next = next + 2 & mask) {
            int home = home(slots[next]);
            if ((next - home & mask) >= (next - hole & mask)) {
                slots[hole] = slots[next];
                slots[hole + 1] = slots[next + 1];
                hole = next;
            }
        }
        slots[hole] = 0;
        slots[hole + 1] = 0;
        return number;
    }

    /**
     * Removes a key. The key of the last number takes the number that became free, so numbers without gaps stay so.
     *
     * @return the key's number, or {@link #NONE} if it had none
     */
    public int removeAndFill(String key) {
        int number = remove(key);
        if (number != NONE && number != size) {
            String last = keys[size];
            remove(last);
            put(last, number);
        }
        return number;
    }

    /** Visits all keys and their numbers, in no order. */
    public void forEach(BiConsumer<String, Integer> visitor) {
        for (int slot = 0; slot < slots.length; slot += 2) {
            int number = (int) slots[slot + 1] - 1;
            if (number != NONE) {
                visitor.accept(keys[number], number);
            }
        }
    }

    /** Returns the slot of the key, or the free slot where it would go. */
    private int slot(long fingerprint, String key) {
        int mask = slots.length - 1;
        int slot = home(fingerprint);
        while (true) {
            long found = slots[slot];
            if (found == fingerprint && (found > 0 || keys[(int) slots[slot + 1] - 1].equals(key))) {
                return slot;
            }
            if (found == 0) {
                return slot;
            }
            slot = slot + 2 & mask;
        }
    }

    private int home(long fingerprint) {
        return (int) ((fingerprint * GOLDEN) >>> shift) << 1;
    }

    private void grow() {
        long[] before = slots;
        slots = new long[2 * before.length];
        shift--;
        int mask = slots.length - 1;
        for (int from = 0; from < before.length; from += 2) {
            if (before[from + 1] != 0) {
                int to = home(before[from]);
                while (slots[to + 1] != 0) {
                    to = to + 2 & mask;
                }
                slots[to] = before[from];
                slots[to + 1] = before[from + 1];
            }
        }
    }
}
