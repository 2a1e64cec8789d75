package dev.millrace.batch;

import dev.millrace.event.CatalogueItem;
import java.util.function.Function;

/** What happened to one item of the catalogue. */
public sealed interface CatalogueChange {

    /** Which item. */
    String itemId();

    /** Whether a producer said so; else it follows from the examples alone. */
    boolean isAnnounced();

    /** The same change as one that follows from the examples alone. */
    CatalogueChange unannounced();

    /** Calls the visitor's method for this kind of change. */
    <R> R accept(Visitor<R> visitor);

    /** The same with a function for each kind. */
    default <R> R match(Function<Upsert, R> upsert, Function<Removal, R> removal) {
        return accept(new Visitor<R>() {
            @Override
            public R upsert(Upsert change) {
                return upsert.apply(change);
            }

            @Override
            public R removal(Removal change) {
                return removal.apply(change);
            }
        });
    }

    /** What to do with each kind of change. */
    interface Visitor<R> {

        R upsert(Upsert upsert);

        R removal(Removal removal);
    }

    /** It appeared, or its features changed. Unannounced: an example named it first. */
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
        public <R> R accept(Visitor<R> visitor) {
            return visitor.upsert(this);
        }
    }

    /**
     * It went: rows and vector go with it. Unannounced: examples no longer name it; one that does brings it back.
     *
     * @param time when, epoch milliseconds, event time
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
        public <R> R accept(Visitor<R> visitor) {
            return visitor.removal(this);
        }
    }
}
