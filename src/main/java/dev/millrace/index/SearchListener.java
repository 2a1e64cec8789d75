package dev.millrace.index;

import java.util.List;

/** Hears of every search of an index, on the thread that searches: it must return at once. */
public interface SearchListener {

    /** Hears nothing. */
    SearchListener NONE = (index, search, means, found) -> {};

    /** By what a search was answered. */
    enum Means {
        /** All vectors. */
        EXACT,
        /** The graph, and what has changed since it was begun. */
        GRAPH
    }

    /** @param found the answer, best first */
    void answered(ItemIndex index, Search search, Means means, List<ScoredItem> found);
}
