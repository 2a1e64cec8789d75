package dev.millrace.state;

/**
 * State that lives in memory and is written through, entry by entry.
 *
 * <p>Contract: an instance that has restored all entries that another one drained, in any order, behaves from then on
 * like that one, bit for bit.
 */
public interface Durable {

    /**
     * Restores one entry that {@link #drainDirty} wrote.
     *
     * @throws CorruptEntryException if the value fails its check
     */
    void restore(byte[] key, byte[] value);

    /** Writes the entries that changed since the last call, in any order. */
    void drainDirty(EntrySink sink);
}
