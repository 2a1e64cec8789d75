package dev.millrace.popularity;

import dev.millrace.catalogue.Catalogue;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** The items that were clicked last, at most some: a function of {@link DecayedCounts}. One thread. */
final class RecentItems {

    private record Click(double time, String item) {}

    private final DecayedCounts counts;
    private final Catalogue catalogue;
    private final int most;
    /** The earliest first; of the same time, in the order of the ids. */
    private final TreeSet<Click> clicks =
            new TreeSet<>(Comparator.comparingDouble(Click::time).thenComparing(Click::item));

    private boolean isWhole = true; // otherwise the counts are looked through when the items are asked for

    RecentItems(DecayedCounts counts, Catalogue catalogue, int most) {
        this.counts = counts;
        this.catalogue = catalogue;
        this.most = most;
    }

    /**
     * Follows a click that was counted.
     *
     * @param item number in the catalogue
     * @param before time of the item's last click before that; 0 without one
     */
    void clicked(int item, double before) {
        if (isWhole) {
            clicks.remove(new Click(before, catalogue.itemAt(item)));
            add(item);
        }
    }

    /** Follows the removal of an item. */
    void remove(String item) {
        boolean hasOlder = clicks.size() == most;
        if (clicks.removeIf(click -> click.item().equals(item)) && hasOlder) {
            forget();
        }
    }

    /** Follows any other change of the counts. */
    void forget() {
        isWhole = false;
        clicks.clear();
    }

    /** Returns the items, the one that was clicked last first. */
    List<String> items() {
        if (!isWhole) {
            counts.numbers().forEach(this::add);
            isWhole = true;
        }
        return clicks.descendingSet().stream().map(Click::item).toList();
    }

    private void add(int item) {
        clicks.add(new Click(counts.asOf(item), catalogue.itemAt(item)));
        if (clicks.size() > most) {
            clicks.pollFirst();
        }
    }
}
