package dev.millrace.index;

/**
 * When a graph is built beside the exact index, and when it is rebuilt.
 *
 * @param minItems items from which on a graph is built; 0 for never
 * @param rebuildShare share of items, in (0, 1], that may differ from the graph: changed, added or removed since the build began.
 *     Above it the graph is rebuilt
 * @param maxMove distance of a vector from the graph's, at least 0, up to which its item does not count as changed
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
     * The most heap that an index with a graph takes, bytes: all items, the graph in use, and the next graph during its build. Counted
     * from the layout, for ids of about 12 characters, without attributes.
     */
    public long heapBytes(long items, int dim) {
        long item = EXACT_BYTES + VECTORS * Float.BYTES * (long) dim;
        long graphs = 2 * (GRAPH_BYTES + Integer.BYTES * (long) shape.degree());
        long making = MAKING_BYTES + MAKING_EDGE_BYTES * (long) shape.degree();
        return items * (item + graphs + making);
    }

    /** The heap that an index takes now, with its graph, bytes: counted in the same way. */
    public long heapBytes(ItemIndex index) {
        long vector = Float.BYTES * (long) index.dim();
        return index.size() * (EXACT_BYTES + vector)
                + index.graphItems() * (vector + GRAPH_BYTES + Integer.BYTES * (long) shape.degree());
    }

    boolean isDue(int items, int dim) {
        return minItems > 0 && items >= minItems && GraphIndex.canHold(items, dim);
    }
}
