package dev.millrace.catalogue;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import java.util.Collection;
import java.util.stream.IntStream;

/** Catalogues of items without features. */
public final class Catalogues {

    private static final long TIME = 1_600_000_000_000L;

    private Catalogues() {}

    /** Returns a catalogue of so many items, i0 and on. */
    public static Catalogue of(int items) {
        Catalogue catalogue = new Catalogue('C');
        IntStream.range(0, items).forEach(item -> list(catalogue, "i" + item));
        return catalogue;
    }

    public static Catalogue of(String... items) {
        Catalogue catalogue = new Catalogue('C');
        for (String item : items) {
            list(catalogue, item);
        }
        return catalogue;
    }

    /** Puts an item into the catalogue unless it is there. Returns its number. */
    public static int list(Catalogue catalogue, String item) {
        catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE)));
        return number(catalogue, item);
    }

    public static void remove(Catalogue catalogue, String item) {
        catalogue.apply(new CatalogueChange.Removal(item, TIME));
    }

    /** Returns an item's number; none if it is not there. */
    public static int number(Catalogue catalogue, String item) {
        return catalogue.number(item, Catalogue.NO_NUMBER);
    }

    /** Returns the numbers of those items that are there. */
    public static int[] numbers(Catalogue catalogue, Collection<String> items) {
        return items.stream()
                .flatMapToInt(item -> catalogue.number(item).stream())
                .toArray();
    }
}
