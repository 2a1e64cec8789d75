package dev.millrace.index;

/**
 * When a graph is built beside the exact index, and when anew.
 *
 * @param minItems items from which on there is one; 0 for never
 * @param rebuildShare of items that differ from the graph, in (0, 1]: changed, come or gone since it was begun; above it a new one is
 *     built
 * @param maxMove how far a vector may be from the graph's for its item not to count as changed, at least 0
 * @param shape of the graph
 * @param threads that build it, at least 1
 */
public record GraphRule(int minItems, double rebuildShare, double maxMove, GraphShape shape, int threads) {

    /** All searches are exact. */
    public static final GraphRule NEVER = new GraphRule(0, 1, 0, GraphShape.USUAL, 1);

    public GraphRule {
        if (minItems < 0 || !(rebuildShare > 0 && rebuildShare <= 1) || !(maxMove >= 0) || threads < 1) {
            throw new IllegalArgumentException("min items = " + minItems + ", rebuild share = " + rebuildShare
                    + ", max move = " + maxMove + ", threads = " + threads
                    + ": must be at least 0, in (0, 1], at least 0, at least 1");
        }
    }

    boolean isDue(int items, int dim) {
        return minItems > 0 && items >= minItems && GraphIndex.canHold(items, dim);
    }
}
