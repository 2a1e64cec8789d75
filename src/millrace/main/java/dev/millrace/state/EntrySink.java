package dev.millrace.state;

import java.util.Map;

/** Receives the changed entries, each key at most once per drain. */
public interface EntrySink {

    /**
     * @param key key of the entry, not reused by the caller
     * @param value value framed by {@link Frame}, not reused by the caller
     */
    void put(byte[] key, byte[] value);

    void delete(byte[] key);

    /** Receives an entry that is stored as it is, for those that begin to follow. */
    default void repeat(byte[] key, byte[] value) {
        put(key, value);
    }

    /** Keeps in a map what the entries come to. */
    static EntrySink into(Map<byte[], byte[]> entries) {
        return new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                entries.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                entries.remove(key);
            }
        };
    }
}
