package dev.millrace.model;

import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySource;

/**
 * Where the embedding rows of a model are.
 *
 * @param rows the stored rows; {@link EntrySource#NONE} if all stay on the heap
 * @param cacheBytes of the rows on the heap, roughly; what changed since the last drain stays on the heap in any case
 */
public record RowStorage(EntrySource rows, long cacheBytes) {

    /** All rows stay on the heap. */
    public static final RowStorage ON_THE_HEAP = new RowStorage(EntrySource.NONE, Long.MAX_VALUE);

    /** Reads the bytes of rows that a learner keeps on the heap. */
    public static long cacheBytes(SettingsReader reader) {
        return reader.longInteger(
                "table.cache-bytes = 536870912 in [1048576, 1099511627776]: bytes of embedding rows on the heap; the "
                        + "others are read from the state directory when a step needs them");
    }
}
