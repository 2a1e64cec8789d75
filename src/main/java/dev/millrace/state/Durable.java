package dev.millrace.state;

/**
 * State that lives in memory and is written through, entry by entry.
 *
 * <p>The contract: an instance that restored every entry another has drained, in any order, behaves from then on bit for
 * bit as that other does.
 */
public interface Durable {

    /**
     * Takes back one entry that {@link #drainDirty} once gave.
     *
     * @throws CorruptEntryException if the value fails its check
     */
    void restore(byte[] key, byte[] value);

    /** Hands over what changed since the last call, in an order that depends on the changes alone. */
    void drainDirty(EntrySink sink);
}
