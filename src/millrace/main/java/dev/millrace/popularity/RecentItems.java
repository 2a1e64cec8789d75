package dev.millrace.popularity;

import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** The items that were clicked last, at most some: a function of {@link DecayedCounts}. One thread. */
final class RecentItems {

    private record Click(double time, String item) {}

    private final DecayedCounts counts;
    private final int most;
    /** The earliest first; of the same time, in the order of the ids. */
    private final TreeSet<Click> clicks =
            new TreeSet<>(Comparator.comparingDouble(Click::time).thenComparing(Click::item));

    private boolean isWhole = true; // otherwise the counts are looked through when the items are asked for

    RecentItems(DecayedCounts counts, int most) {
        this.counts = counts;
        this.most = most;
    }

    /**
     * Follows a click that was counted.
     *
     * @param before time of the item's last click before that; 0 without one
     */
    void clicked(String item, double before) {
        if (isWhole) {
            clicks.remove(new Click(before, item));
            add(item);
        }
    }

    /** Follows the removal of an item, which is counted yet. */
    void remove(String item) {
        boolean hasOlder = clicks.size() == most;
        if (clicks.remove(new Click(counts.stored(item).asOf(), item)) && hasOlder) {
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
            counts.forEachItem(this::add);
            isWhole = true;
        }
        return clicks.descendingSet().stream().map(Click::item).toList();
    }

    private void add(String item) {
        clicks.add(new Click(counts.stored(item).asOf(), item));
        if (clicks.size() > most) {
            clicks.pollFirst();
        }
    }
}
