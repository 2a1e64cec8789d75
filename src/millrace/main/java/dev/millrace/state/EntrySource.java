package dev.millrace.state;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Function;

/** Stored entries that a state reads when it needs them, in the unsigned order of their keys. One thread, but for {@link #lookup}. */
public interface EntrySource {

    /** No entries: what a state has restored, or drained since, is all there is. */
    EntrySource NONE = new EntrySource() {
        @Override
        public Optional<byte[]> get(byte[] key) {
            return Optional.empty();
        }

        @Override
        public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
            // nothing to visit
        }

        @Override
        public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
            // nothing to visit
        }
    };

    Optional<byte[]> get(byte[] key);

    /** Returns {@link #get} for any number of threads at once, as long as nobody changes the entries. */
    default Function<byte[], Optional<byte[]>> lookup() {
        return this::get;
    }

    /**
     * Visits the entries with {@code from <= key < to} in ascending order until the visitor returns false. The visitor must
     * not change entries.
     */
    void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor);

    /** As {@link #scan(byte[], byte[], BiPredicate)}, to the last entry. */
    void scan(byte[] from, BiPredicate<byte[], byte[]> visitor);

    /**
     * Visits the entries with {@code from <= key}, in ascending order, but none whose key begins with one of some prefixes.
     *
     * @param prefixes behind {@code from}, ascending; none begins with another
     */
    default void scanBut(byte[] from, List<byte[]> prefixes, BiConsumer<byte[], byte[]> visitor) {
        BiPredicate<byte[], byte[]> all = (key, value) -> {
            visitor.accept(key, value);
            return true;
        };
        byte[] next = from;
        for (byte[] prefix : prefixes) {
            scan(next, prefix, all);
            next = behind(prefix);
        }
        scan(next, all);
    }

    /**
     * Returns the first possible key behind all that begin with a prefix.
     *
     * @param prefix with a byte that is not 0xFF
     */
    static byte[] behind(byte[] prefix) {
        int last = prefix.length - 1;
        while (prefix[last] == (byte) 0xFF) {
            last--;
        }
        byte[] end = Arrays.copyOf(prefix, last + 1);
        end[last]++;
        return end;
    }
}
