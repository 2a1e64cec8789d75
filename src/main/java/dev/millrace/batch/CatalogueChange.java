package dev.millrace.batch;

import dev.millrace.event.CatalogueItem;

/** What happened to one item of the catalogue. */
public sealed interface CatalogueChange {

    /** Which item. */
    String itemId();

    /** It appeared, or its features changed. */
    record Upsert(CatalogueItem item) implements CatalogueChange {
        @Override
        public String itemId() {
            return item.item();
        }
    }

    /**
     * It went: rows and vector go with it.
     *
     * @param time when, epoch milliseconds, event time
     */
    record Removal(String itemId, long time) implements CatalogueChange {}
}
