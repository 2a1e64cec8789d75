package dev.millrace.verify.books;

/** The least value of any range of positions, in logarithmic time: a segment tree in an array. */
final class RangeLeast {

    /** Where a range has no value. */
    static final long NONE = Long.MAX_VALUE;

    private final int size;
    private final long[] nodes; // node i is over nodes 2i and 2i + 1; the leaves begin at size

    RangeLeast(long[] values) {
        size = values.length;
        nodes = new long[2 * size];
        System.arraycopy(values, 0, nodes, size, size);
        for (int node = size - 1; node > 0; node--) {
            nodes[node] = Math.min(nodes[2 * node], nodes[2 * node + 1]);
        }
    }

    /** The least of the values from one position to before another; {@link #NONE} if there is none. */
    long least(int from, int to) {
        long least = NONE;
        if (from >= to) {
            return least;
        }
        for (int left = from + size, right = to + size; left < right; left /= 2, right /= 2) {
            if (left % 2 == 1) {
                least = Math.min(least, nodes[left++]);
            }
            if (right % 2 == 1) {
                least = Math.min(least, nodes[--right]);
            }
        }
        return least;
    }
}
