package dev.millrace.catalogue;

import dev.millrace.event.CatalogueItem;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A change of one item of the catalogue. */
public sealed interface CatalogueChange {

    /** Returns the item's id. */
    String itemId();

    /** Returns true if a producer announced the change; false if it follows from the examples alone. */
    boolean isAnnounced();

    /** Returns true if the item is out of the catalogue after the change, false if it is in it. */
    default boolean isRemoval() {
        return this instanceof Removal;
    }

    /** Returns the same change, unannounced. */
    CatalogueChange unannounced();

    /** Calls the function for this kind of change. A new kind does not compile until every caller has a function for it. */
    <R> R match(Function<Upsert, R> upsert, Function<Removal, R> removal);

    /** Returns the ids of the items that some changes remove, in the order of these. */
    static Set<String> removed(List<CatalogueChange> changes) {
        return changes.stream()
                .filter(CatalogueChange::isRemoval)
                .map(CatalogueChange::itemId)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** A new item, or new features of an item. Unannounced if an example named the item before any producer did. */
    record Upsert(CatalogueItem item, boolean isAnnounced) implements CatalogueChange {

        public Upsert(CatalogueItem item) {
            this(item, true);
        }

        @Override
        public String itemId() {
            return item.item();
        }

        @Override
        public Upsert unannounced() {
            return new Upsert(item, false);
        }

        @Override
        public <R> R match(Function<Upsert, R> upsert, Function<Removal, R> removal) {
            return upsert.apply(this);
        }
    }

    /**
     * The removal of an item with its rows and vector. Unannounced if examples no longer name the item; the next one
     * that does brings it back.
     *
     * @param time event time, epoch milliseconds
     */
    record Removal(String itemId, long time, boolean isAnnounced) implements CatalogueChange {

        public Removal(String itemId, long time) {
            this(itemId, time, true);
        }

        @Override
        public Removal unannounced() {
            return new Removal(itemId, time, false);
        }

        @Override
        public <R> R match(Function<Upsert, R> upsert, Function<Removal, R> removal) {
            return removal.apply(this);
        }
    }
}
