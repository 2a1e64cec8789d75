package dev.millrace.replay;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Items or users with their features, as a file lists them.
 *
 * @param entries in the order of the file
 */
record FeatureTable(List<Entry> entries) {

    static final FeatureTable NONE = new FeatureTable(List.of());

    private static final long ANY_TIME = 946_684_800_000L; // 2000-01-01, to check an undated entry with

    FeatureTable {
        entries = List.copyOf(entries);
    }

    /**
     * One row.
     *
     * @param id of the item or user
     * @param since time from which the features are valid, epoch milliseconds; empty if always
     */
    record Entry(String id, OptionalLong since, Features features) {

        /** One whose features are always valid. */
        Entry(String id, Features features) {
            this(id, OptionalLong.empty(), features);
        }

        Entry {
            // a user obeys the same rules as an item
            id = new CatalogueItem(id, since.orElse(ANY_TIME), features).item();
        }
    }

    static FeatureTable read(RowFile file, Function<Row, Entry> decoder, Consumer<? super BadRow> badRows) {
        List<Entry> entries = new ArrayList<>();
        try (RowReader rows = file.rows(badRows)) {
            while (rows.hasNext()) {
                Row row = rows.next();
                try {
                    entries.add(decoder.apply(row));
                } catch (UnusableEventException unusable) {
                    badRows.accept(new BadRow(file.name(), row.line(), String.valueOf(unusable.getMessage())));
                }
            }
        }
        return new FeatureTable(entries);
    }
}
