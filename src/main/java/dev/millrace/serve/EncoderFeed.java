package dev.millrace.serve;

import dev.millrace.recall.UserEncoder;

/** The query side of the model as {@code model-updates} brings it, and the encoders it makes. */
public interface EncoderFeed {

    /** Takes one entry, new or changed; seen by encoders after {@link #refresh}. */
    void update(byte[] key, byte[] value);

    /** Forgets one entry. */
    void remove(byte[] key);

    /** Lets encoders see all entries so far, at once. */
    void refresh();

    /** The encoder of a generation; it becomes ready when the entries are all of that generation. */
    UserEncoder of(String generation);
}
