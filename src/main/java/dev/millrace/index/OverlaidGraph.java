package dev.millrace.index;

import dev.millrace.event.Features;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A graph of the items of one moment, and an exact index of the items that have changed since.
 *
 * <p>One writer and any number of readers at a time.
 */
final class OverlaidGraph {

    /*
     * Order. A changed item is put into `changed` before its node is left out, and a search reads the graph before it reads `changed`.
     * So an item that changes during a search is found in one of them. If it is found in both, `changed` has the newer vector and wins.
     *
     * Moves. An item whose vector has moved less than `maxMove` keeps its place in the graph, as every publication moves all vectors a
     * little. The graph gives only the candidates, more than are wanted; their scores are the exact index's.
     *
     * Patience. A search of the graph goes on until it has enough nodes that may come back. If a filter or changes leave few of them near
     * the query, it would walk through most of the graph. It is given up before that costs more than reading all vectors.
     */
    private static final int PATIENCE = 4; // nodes that may be left out for each candidate kept

    private final GraphIndex graph;
    private final Features[] attributes; // [nodes]
    private final AtomicLongArray stale; // a bit a node that must not come back
    private final AtomicInteger differences = new AtomicInteger();
    private final ExactIndex changed;
    private final ExactIndex exact;
    private final double maxSquaredMove;

    /**
     * @param attributes [nodes] of the items of the graph
     * @param since items written or removed since the graph's items were copied
     * @param exact all items as they are now; a write reaches it before it reaches this
     * @param maxMove distance of a vector from the graph's up to which the graph finds its item
     */
    OverlaidGraph(GraphIndex graph, Features[] attributes, Set<String> since, ExactIndex exact, double maxMove) {
        this.graph = graph;
        this.attributes = attributes;
        this.stale = new AtomicLongArray((graph.size() + Long.SIZE - 1) / Long.SIZE);
        this.changed = new ExactIndex(graph.dim());
        this.exact = exact;
        this.maxSquaredMove = maxMove * maxMove;
        for (String item : since) {
            exact.item(item).ifPresentOrElse(now -> take(item, now.vector(), now.attributes()), () -> remove(item));
        }
    }

    /** Items of the graph, with those that are left out. */
    int size() {
        return graph.size();
    }

    /** Items that are searched exactly. */
    int changedItems() {
        return changed.size();
    }

    /** Items by which graph and index differ: changed, added or removed. */
    int differences() {
        return differences.get();
    }

    /** Takes an item's latest vector, [dim]. Writer only. */
    void take(String item, float[] vector, Features features) {
        int node = graph.node(item);
        if (node >= 0
                && !isStale(node)
                && graph.squaredDistance(node, vector) <= maxSquaredMove
                && attributes[node].equals(features)) {
            return;
        }
        int before = changed.size();
        changed.upsert(
                new ItemEmbedding(item, Optional.of(vector), "", 0, 0, 0, PublishedPopularity.NONE, features), 0);
        if (node >= 0) {
            leaveOut(node);
        } else {
            differences.addAndGet(changed.size() - before);
        }
    }

    /** Removes an item. Writer only. */
    void remove(String item) {
        int node = graph.node(item);
        int before = changed.size();
        if (node >= 0) {
            leaveOut(node);
        }
        changed.remove(item);
        if (node < 0) {
            differences.addAndGet(changed.size() - before);
        }
    }

    /**
     * The best items of the graph and of the changed ones, by their vectors alone.
     *
     * @return empty if the graph gave the search up
     */
    Optional<List<ScoredItem>> search(Search search) {
        ItemFilter filter = search.filter();
        int breadth = graph.breadth(search.k());
        Optional<int[]> near = graph.nearest(
                search.query(),
                breadth,
                node -> isStale(node)
                        || !filter.passes(attributes[node])
                        || search.excluded().test(graph.item(node)),
                PATIENCE * breadth);
        if (near.isEmpty()) {
            return Optional.empty();
        }
        List<ScoredItem> best =
                new ArrayList<>(changed.search(search.query(), search.k(), search.excluded(), filter, 0));
        Set<String> taken = new HashSet<>();
        best.forEach(found -> taken.add(found.item()));
        List<String> others = new ArrayList<>(near.get().length);
        for (int node : near.get()) {
            if (!taken.contains(graph.item(node))) {
                others.add(graph.item(node));
            }
        }
        best.addAll(exact.scored(search.query(), others));
        best.sort(ScoredItem.BEST_FIRST);
        return Optional.of(List.copyOf(best.subList(0, Math.min(search.k(), best.size()))));
    }

    private boolean isStale(int node) {
        return (stale.get(node / Long.SIZE) & 1L << node) != 0;
    }

    private void leaveOut(int node) {
        long bit = 1L << node;
        if ((stale.getAndAccumulate(node / Long.SIZE, bit, (bits, more) -> bits | more) & bit) == 0) {
            differences.incrementAndGet();
        }
    }
}
