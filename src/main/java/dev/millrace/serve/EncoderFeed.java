package dev.millrace.serve;

import dev.millrace.recall.UserEncoder;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.CorruptEntryException;
import java.util.SortedMap;

/** The query side of each generation as {@code model-updates} brings it, and the encoders it makes; safe for threads. */
public interface EncoderFeed {

    /**
     * Takes the settings of a generation's learner, by which its entries are understood.
     *
     * @throws InvalidSettingsException if this program does not know one of them, or not such a value
     */
    void describe(String generation, SortedMap<String, String> settings);

    /**
     * Takes one entry, new or changed; seen by its encoder after {@link #refresh}.
     *
     * @throws CorruptEntryException if it cannot be used; then nothing has changed
     */
    void update(String generation, byte[] key, byte[] value);

    /** Forgets one entry. */
    void remove(String generation, byte[] key);

    /** Forgets a generation. */
    void drop(String generation);

    /** Lets the encoder of a generation see all of its entries so far, at once. */
    void refresh(String generation);

    /** Lets all encoders do so. */
    void refreshAll();

    /** The encoder of a generation; it becomes ready when its settings and all its entries but rows have come, or never. */
    UserEncoder of(String generation);
}
