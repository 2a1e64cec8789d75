package dev.millrace.follow;

import dev.millrace.neighbour.NeighbourList;
import dev.millrace.recall.UserEncoder;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.CorruptEntryException;
import java.util.Optional;
import java.util.SortedMap;

/** Takes the query side of each generation from {@code model-updates}, and makes an encoder of it. Safe for threads. */
public interface EncoderFeed {

    /**
     * Takes the settings of a generation's learner, without which its entries cannot be read. Returns the number of those that came before and cannot be used.
     *
     * @throws InvalidSettingsException if this version does not know a setting, or does not allow its value
     */
    int describe(String generation, SortedMap<String, String> settings);

    /**
     * Takes one entry, new or changed. Its encoder uses it after {@link #refresh}.
     *
     * @throws CorruptEntryException if it cannot be used; nothing has changed then
     */
    void update(String generation, byte[] key, byte[] value);

    /** Removes one entry. */
    void remove(String generation, byte[] key);

    /**
     * Takes an item's list of neighbours, which its encoder uses at once.
     *
     * @param list absent if the item has none any more
     */
    void neighbours(String generation, String item, Optional<NeighbourList> list);

    /** Removes a generation. */
    void drop(String generation);

    /** Makes all entries of a generation so far visible to its encoder, at once. */
    void refresh(String generation);

    /** Makes all entries of all generations so far visible. */
    void refreshAll();

    /** The encoder of a generation; absent until its settings have come. It is ready once all its entries but rows have come. */
    Optional<UserEncoder> of(String generation);
}
