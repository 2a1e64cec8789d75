package dev.millrace.event;

/**
 * An item of the catalogue with all its features. It replaces the item's earlier features.
 *
 * @param item id of the item
 * @param time event time from which the features hold, epoch milliseconds
 * @param features category, author, price, title vector …
 */
public record CatalogueItem(String item, long time, Features features) {
    public CatalogueItem {
        Require.id(RejectReason.BAD_ITEM, item);
        Require.time(time);
    }

    /** Returns an id that an item may have. */
    public static String requireId(String item) {
        Require.id(RejectReason.BAD_ITEM, item);
        return item;
    }
}
