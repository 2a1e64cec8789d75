package dev.millrace.state;

/** Takes the entries that changed; each key at most once a drain. */
public interface EntrySink {

    /**
     * @param key of the entry, not reused by the caller
     * @param value framed by {@link Frame}, not reused by the caller
     */
    void put(byte[] key, byte[] value);

    void delete(byte[] key);
}
