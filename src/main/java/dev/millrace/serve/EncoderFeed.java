package dev.millrace.serve;

import dev.millrace.recall.UserEncoder;
import dev.millrace.state.CorruptEntryException;

/** The query side of the model as {@code model-updates} brings it, and the encoders it makes; safe for threads. */
public interface EncoderFeed {

    /**
     * Takes one entry, new or changed; seen by encoders after {@link #refresh}.
     *
     * @throws CorruptEntryException if it cannot be used; then nothing has changed
     */
    void update(String generation, byte[] key, byte[] value);

    /** Forgets one entry. */
    void remove(String generation, byte[] key);

    /** Lets encoders see all entries so far, at once. */
    void refresh();

    /** The encoder of a generation; it becomes ready when all its entries but rows have come, or never. */
    UserEncoder of(String generation);
}
