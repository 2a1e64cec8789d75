package dev.millrace.neighbour;

import dev.millrace.state.PrefixedKey;
import java.util.Arrays;
import java.util.Optional;

/**
 * Keys of what is stored of lists of neighbours: of a whole list the prefix and its item, and of the additions behind it that key, 0 and their number
 * [1 byte]. So a list's entries lie together, the whole first. No id has a 0.
 */
public final class ListKeys {

    /** Entries of additions that a list has at most. */
    static final int MOST = 1 << Byte.SIZE;

    private static final int SUFFIX = 2; // behind the key of the whole list

    private ListKeys() {}

    /** Returns the item whose list an entry is of; empty text for where the sweep is. */
    public static String item(byte[] key) {
        return PrefixedKey.text(isOfAdditions(key) ? whole(key) : key);
    }

    /** Returns the item of a list if an entry is the whole list; absent if it is of additions, or of no list. */
    public static Optional<String> itemOfWhole(byte[] key) {
        return Optional.of(key)
                .filter(given -> !isOfAdditions(given))
                .map(PrefixedKey::text)
                .filter(item -> !item.isEmpty());
    }

    static boolean isOfAdditions(byte[] key) {
        return key.length > SUFFIX && key[key.length - SUFFIX] == 0;
    }

    /** Returns the key of the whole list that additions are of. */
    static byte[] whole(byte[] ofAdditions) {
        return Arrays.copyOf(ofAdditions, ofAdditions.length - SUFFIX);
    }

    static byte[] additions(byte[] whole, int number) {
        byte[] key = Arrays.copyOf(whole, whole.length + SUFFIX);
        key[key.length - 1] = (byte) number;
        return key;
    }

    static int number(byte[] ofAdditions) {
        return ofAdditions[ofAdditions.length - 1] & 0xff;
    }

    /** Returns the first possible key behind all of a list. */
    static byte[] behind(byte[] whole) {
        byte[] key = Arrays.copyOf(whole, whole.length + 1);
        key[whole.length] = 1;
        return key;
    }
}
