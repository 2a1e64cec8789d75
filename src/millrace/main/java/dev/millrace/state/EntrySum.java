package dev.millrace.state;

import java.nio.ByteBuffer;

/**
 * The number of entries of a set, and the sum of their shares in two 64-bit lanes.
 *
 * <p>Addition is commutative, so the sum is a function of the entries alone, whatever the order of the writes. This is an
 * additive multiset hash in the manner of Clarke et al. 2003: it finds faults, it does not withstand an adversary who chooses
 * the entries. Nor does the {@link EntryShare}.
 *
 * @param count number of entries
 * @param first sum of the shares' first lanes
 * @param second sum of the shares' second lanes
 */
public record EntrySum(long count, long first, long second) {

    public static final EntrySum NONE = new EntrySum(0, 0, 0);

    public EntrySum plus(EntryShare share) {
        return new EntrySum(count + 1, first + share.first(), second + share.second());
    }

    public EntrySum minus(EntryShare share) {
        return new EntrySum(count - 1, first - share.first(), second - share.second());
    }

    /** Returns the sum of both sets, which have no entry in common. */
    public EntrySum plus(EntrySum other) {
        return new EntrySum(count + other.count, first + other.first, second + other.second);
    }

    /** Returns the digest of all entries, [32]: SHA-256 of their number and their sum. */
    public byte[] digest() {
        return Sha256.start()
                .digest(ByteBuffer.allocate(3 * Long.BYTES)
                        .putLong(count)
                        .putLong(first)
                        .putLong(second)
                        .array());
    }
}
