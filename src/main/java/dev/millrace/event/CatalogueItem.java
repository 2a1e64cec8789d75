package dev.millrace.event;

/**
 * An item of the catalogue with its features, whole: it replaces what was known before.
 *
 * @param item which
 * @param time since when they hold, epoch milliseconds, event time
 * @param features category, author, price, title vector …
 */
public record CatalogueItem(String item, long time, Features features) {
    public CatalogueItem {
        Require.id(RejectReason.BAD_ITEM, item);
        Require.time(time);
    }
}
