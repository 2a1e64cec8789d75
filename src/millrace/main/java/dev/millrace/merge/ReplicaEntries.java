package dev.millrace.merge;

import dev.millrace.state.EntrySource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/**
 * What a shard's model reads: its own rows of users; over the base's entries, what its unmerged deltas make of them. One thread, but for
 * {@link #lookup}.
 */
final class ReplicaEntries implements EntrySource {

    private final EntrySource own;
    private final List<byte[]> ownPrefixes;
    private final EntrySource base;
    private final Map<byte[], byte[]> overlay = new TreeMap<>(Arrays::compareUnsigned);

    /**
     * @param own the shard's rows of users
     * @param ownPrefixes of their keys
     * @param base the base's entries as of the round that the shard follows
     */
    ReplicaEntries(EntrySource own, List<byte[]> ownPrefixes, EntrySource base) {
        this.own = own;
        this.ownPrefixes = ownPrefixes.stream().sorted(Arrays::compareUnsigned).toList();
        this.base = base;
    }

    /** Returns what the keys of rows of users begin with, ascending. */
    List<byte[]> ownPrefixes() {
        return ownPrefixes;
    }

    boolean isOwn(byte[] key) {
        return ownPrefixes.stream().anyMatch(prefix -> startsWith(key, prefix));
    }

    private static boolean startsWith(byte[] key, byte[] prefix) {
        return key.length >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** Puts the value that the shard has of a shared entry over that of the base. */
    void put(byte[] key, byte[] value) {
        overlay.put(key, value);
    }

    /** Removes what lies over the base's entries. Returns its keys. */
    Set<byte[]> clear() {
        Set<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);
        keys.addAll(overlay.keySet());
        overlay.clear();
        return keys;
    }

    @Override
    public boolean isShared(byte[] prefix) {
        return !isOwn(prefix);
    }

    @Override
    public Optional<byte[]> get(byte[] key) {
        if (isOwn(key)) {
            return own.get(key);
        }
        byte[] over = overlay.get(key);
        return over == null ? base.get(key) : Optional.of(over);
    }

    /** Visits own rows; those of the base have no end that a shard would know. */
    @Override
    public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
        if (isOwn(from)) {
            own.scan(from, to, visitor);
        }
    }

    @Override
    public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
        own.scan(from, visitor);
    }
}
