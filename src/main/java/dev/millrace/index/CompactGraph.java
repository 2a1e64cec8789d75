package dev.millrace.index;

import io.github.jbellis.jvector.graph.GraphIndex.View;
import io.github.jbellis.jvector.graph.NodesIterator;
import io.github.jbellis.jvector.graph.OnHeapGraphIndex;
import io.github.jbellis.jvector.util.Bits;
import java.util.NoSuchElementException;

/**
 * A finished graph in two arrays, which JVector searches. Immutable.
 *
 * <p>The graph that JVector builds keeps a score with each edge, room for more edges, and a lock for its nodes. A graph that is only
 * searched needs none of them.
 */
final class CompactGraph implements io.github.jbellis.jvector.graph.GraphIndex, View {

    private final int[] starts; // [nodes + 1] where a node's edges begin
    private final int[] edges;
    private final int maxDegree;
    private final int entry;

    private CompactGraph(int[] starts, int[] edges, int maxDegree, int entry) {
        this.starts = starts;
        this.edges = edges;
        this.maxDegree = maxDegree;
        this.entry = entry;
    }

    /** @param built with nodes numbered from 0 without gaps */
    static CompactGraph of(OnHeapGraphIndex built) {
        int nodes = built.size();
        int[] starts = new int[nodes + 1];
        try (OnHeapGraphIndex.ConcurrentGraphIndexView view = built.getView()) {
            for (int node = 0; node < nodes; node++) {
                starts[node + 1] = Math.addExact(
                        starts[node], view.getNeighborsIterator(node).size());
            }
            int[] edges = new int[starts[nodes]];
            for (int node = 0; node < nodes; node++) {
                NodesIterator neighbours = view.getNeighborsIterator(node);
                for (int at = starts[node]; at < starts[node + 1]; at++) {
                    edges[at] = neighbours.nextInt();
                }
            }
            return new CompactGraph(starts, edges, built.maxDegree(), view.entryNode());
        }
    }

    @Override
    public int size() {
        return starts.length - 1;
    }

    @Override
    public NodesIterator getNodes() {
        int[] all = new int[size()];
        for (int node = 0; node < all.length; node++) {
            all[node] = node;
        }
        return new Slice(all, 0, all.length);
    }

    @Override
    public NodesIterator getNeighborsIterator(int node) {
        return new Slice(edges, starts[node], starts[node + 1]);
    }

    @Override
    public int entryNode() {
        return entry;
    }

    @Override
    public int maxDegree() {
        return maxDegree;
    }

    @Override
    public Bits liveNodes() {
        return Bits.ALL;
    }

    @Override
    public int getIdUpperBound() {
        return size();
    }

    @Override
    public View getView() {
        return this;
    }

    @Override
    public long ramBytesUsed() {
        return (long) Integer.BYTES * (starts.length + edges.length);
    }

    @Override
    public void close() {}

    /** Part of an array of nodes. */
    private static final class Slice extends NodesIterator {
        private final int[] nodes;
        private final int end;
        private int at;

        Slice(int[] nodes, int from, int end) {
            super(end - from);
            this.nodes = nodes;
            this.end = end;
            this.at = from;
        }

        @Override
        public boolean hasNext() {
            return at < end;
        }

        @Override
        public int nextInt() {
            if (at == end) {
                throw new NoSuchElementException("all " + size() + " nodes have been returned");
            }
            return nodes[at++];
        }
    }
}
