package dev.millrace.model;

import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySource;
import java.util.function.LongSupplier;

/**
 * Where the embedding rows of a model are.
 *
 * @param rows the stored rows; {@link EntrySource#NONE} if all stay on the heap
 * @param cacheBytes of the rows on the heap, roughly; what changed since the last drain stays on the heap in any case. A step asks anew: others
 *     may come to share the heap
 */
public record RowStorage(EntrySource rows, LongSupplier cacheBytes) {

    /** @param cacheBytes of the rows on the heap, roughly, always */
    public RowStorage(EntrySource rows, long cacheBytes) {
        this(rows, () -> cacheBytes);
    }

    /** All rows stay on the heap. */
    public static final RowStorage ON_THE_HEAP = new RowStorage(EntrySource.NONE, Long.MAX_VALUE);

    /** Reads the bytes of rows that a learner keeps on the heap. */
    public static long cacheBytes(SettingsReader reader) {
        return reader.longInteger(
                "table.cache-bytes = 536870912 in [1048576, 1099511627776]: bytes of embedding rows on the heap; the "
                        + "others are read from the state directory when a step needs them");
    }
}
