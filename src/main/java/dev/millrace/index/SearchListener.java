package dev.millrace.index;

import java.util.List;

/** Is told of every search of an index, on the thread that searches. It must return at once. */
public interface SearchListener {

    /** Does nothing. */
    SearchListener NONE = (index, search, means, found) -> {};

    /** What answered a search. */
    enum Means {
        /** The exact search of all vectors. */
        EXACT,
        /** The graph, and the exact search of what has changed since its build began. */
        GRAPH
    }

    /** @param found the answer, best first */
    void answered(ItemIndex index, Search search, Means means, List<ScoredItem> found);
}
