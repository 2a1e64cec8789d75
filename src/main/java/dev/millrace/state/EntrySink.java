package dev.millrace.state;

/** Receives the changed entries, each key at most once per drain. */
public interface EntrySink {

    /**
     * @param key key of the entry, not reused by the caller
     * @param value value framed by {@link Frame}, not reused by the caller
     */
    void put(byte[] key, byte[] value);

    void delete(byte[] key);
}
