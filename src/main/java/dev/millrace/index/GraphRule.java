package dev.millrace.index;

/**
 * When a graph is built beside the exact index, and when anew.
 *
 * @param minItems items from which on there is one; 0 for never
 * @param rebuildShare of items that differ from the graph, in (0, 1]: changed, come or gone since it was begun; above it a new one is
 *     built
 * @param maxMove how far a vector may be from the graph's for its item not to count as changed, at least 0
 * @param shape of the graph
 */
public record GraphRule(int minItems, double rebuildShare, double maxMove, GraphShape shape) {

    private static final int VECTORS = 3; // the index's, the graph's, the next graph's
    private static final int EXACT_BYTES = 220; // id, row, times
    private static final int GRAPH_BYTES = 50; // number, attributes, where the edges begin
    private static final int MAKING_BYTES = 70; // of a node of JVector's own graph
    private static final int MAKING_EDGE_BYTES = 10; // edge and score, and room for a fifth more

    /** All searches are exact. */
    public static final GraphRule NEVER = new GraphRule(0, 1, 0, GraphShape.USUAL);

    public GraphRule {
        if (minItems < 0 || !(rebuildShare > 0 && rebuildShare <= 1) || !(maxMove >= 0)) {
            throw new IllegalArgumentException("min items = " + minItems + ", rebuild share = " + rebuildShare
                    + ", max move = " + maxMove + ": must be at least 0, in (0, 1], at least 0");
        }
    }

    /**
     * Heap that an index with a graph takes at most, bytes: all items, the graph in use, and the next one in the making. Counted from the
     * layout, for ids of about 12 characters, without attributes.
     */
    public long heapBytes(long items, int dim) {
        long item = EXACT_BYTES + VECTORS * Float.BYTES * (long) dim;
        long graphs = 2 * (GRAPH_BYTES + Integer.BYTES * (long) shape.degree());
        long making = MAKING_BYTES + MAKING_EDGE_BYTES * (long) shape.degree();
        return items * (item + graphs + making);
    }

    /** Heap that an index takes as it is, its graph included, bytes: counted in the same way. */
    public long heapBytes(ItemIndex index) {
        long vector = Float.BYTES * (long) index.dim();
        return index.size() * (EXACT_BYTES + vector)
                + index.graphItems() * (vector + GRAPH_BYTES + Integer.BYTES * (long) shape.degree());
    }

    boolean isDue(int items, int dim) {
        return minItems > 0 && items >= minItems && GraphIndex.canHold(items, dim);
    }
}
