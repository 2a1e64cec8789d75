package dev.millrace.state;

import java.util.Optional;
import java.util.function.BiPredicate;

/** Stored entries that a state reads when it needs them, in the unsigned order of their keys. One thread. */
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
    };

    Optional<byte[]> get(byte[] key);

    /**
     * Visits the entries with {@code from <= key < to} in ascending order until the visitor returns false. The visitor must
     * not change entries.
     */
    void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor);
}
