package dev.millrace.verify.books;

import java.util.Arrays;

/**
 * As {@link RangeLeast}, of values that have owners: the least value of a range that is not of one owner. Each node holds its least value,
 * that one's owner, and the least value of all other owners.
 */
final class RangeLeastOfOthers {

    /** Owns nothing. */
    static final int NOBODY = -1;

    private final int size;
    private final long[] least;
    private final int[] owners;
    private final long[] others;

    RangeLeastOfOthers(long[] values, int[] ownersOfValues) {
        size = values.length;
        least = new long[2 * size];
        owners = new int[2 * size];
        others = new long[2 * size];
        System.arraycopy(values, 0, least, size, size);
        System.arraycopy(ownersOfValues, 0, owners, size, size);
        Arrays.fill(others, RangeLeast.NONE);
        for (int node = size - 1; node > 0; node--) {
            int first = least[2 * node] <= least[2 * node + 1] ? 2 * node : 2 * node + 1;
            int second = first ^ 1;
            least[node] = least[first];
            owners[node] = owners[first];
            others[node] = Math.min(others[first], ofOthers(second, owners[first]));
        }
    }

    /** The least of the values from one position to before another that the owner does not have. */
    long least(int from, int to, int owner) {
        long found = RangeLeast.NONE;
        if (from >= to) {
            return found;
        }
        for (int left = from + size, right = to + size; left < right; left /= 2, right /= 2) {
            if (left % 2 == 1) {
                found = Math.min(found, ofOthers(left++, owner));
            }
            if (right % 2 == 1) {
                found = Math.min(found, ofOthers(--right, owner));
            }
        }
        return found;
    }

    private long ofOthers(int node, int owner) {
        return owners[node] == owner ? others[node] : least[node];
    }
}
