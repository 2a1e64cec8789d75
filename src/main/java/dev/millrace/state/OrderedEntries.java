package dev.millrace.state;

import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * Entries in the unsigned order of their keys. An implementation commits them together with the event that changed
 * them.
 */
public interface OrderedEntries extends EntrySink {

    Optional<byte[]> get(byte[] key);

    /**
     * Visits the entries with {@code from <= key < to} in ascending order until the visitor returns false. The visitor must
     * not change entries.
     */
    void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor);
}
