package dev.millrace.index;

import dev.millrace.publish.ItemEmbedding;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The items of one generation: an {@link ExactIndex} of all of them, which is the truth, and a graph to search many items faster.
 *
 * <p>One writer and any number of readers at a time; a third thread may call {@link #refreshGraph}. A search that begins after
 * {@link #remove} or {@link #upsert} has returned does not find the removed item, and scores the changed one by its new vector. That
 * holds for both ways of searching. Scores are those of the exact index, to the bit.
 */
public final class ItemIndex implements NearestItems {

    /*
     * Build. A build begins with a copy of all vectors, taken between two writes. A write during the build goes to the graph in use, if
     * there is one, and puts its item's id into `since`. When the new graph is done, the items of `since` are compared with it, between
     * two writes, and it replaces the old graph. A search reads the graph in use once, and waits for none of this.
     *
     * Exact. The exact search answers where the graph cannot, or not well: with a weight of popularity, which no edge knows of; when
     * the changed items are most of the work; when the graph gives up; and when the graph finds fewer items than are wanted and the
     * index has.
     *
     * Locks. The monitor of this object guards `since` and `isBuilding`, and keeps writes apart from the beginning and the end of a
     * build. No search takes it.
     */
    private static final double MOST_CHANGED = 0.5; // of all items

    private final ExactIndex exact;
    private final GraphRule rule;
    private final SearchListener listener;
    private volatile Optional<OverlaidGraph> graph = Optional.empty();
    private Optional<Set<String>> since = Optional.empty(); // of the build under way; this and the next guarded by this
    private boolean isBuilding;
    private final AtomicInteger graphs = new AtomicInteger();

    /** All searches are exact. */
    public ItemIndex(int dim) {
        this(dim, GraphRule.NEVER, SearchListener.NONE);
    }

    /** @param dim width of the vectors */
    public ItemIndex(int dim, GraphRule rule, SearchListener listener) {
        this.exact = new ExactIndex(dim);
        this.rule = rule;
        this.listener = listener;
    }

    @Override
    public int dim() {
        return exact.dim();
    }

    @Override
    public int size() {
        return exact.size();
    }

    /** As {@link ExactIndex#newestStep}. */
    public long newestStep() {
        return exact.newestStep();
    }

    /** As {@link ExactIndex#newestEventTime}. */
    public long newestEventTime() {
        return exact.newestEventTime();
    }

    /** As {@link ExactIndex#newestPublication}. */
    public long newestPublication() {
        return exact.newestPublication();
    }

    /** As {@link ExactIndex#ages}. */
    public VectorAges ages() {
        return exact.ages();
    }

    /** As {@link ExactIndex#greatestAges}. */
    public GreatestAges greatestAges() {
        return exact.greatestAges();
    }

    /** What is known of an item. */
    public Optional<IndexedItem> item(String item) {
        return exact.item(item);
    }

    /** At most so many of the items, evenly chosen; a writer waits meanwhile. */
    public List<IndexedItem> someItems(int most) {
        return exact.someItems(most);
    }

    /** An item's vector, [dim], a copy. */
    public Optional<float[]> vector(String item) {
        return exact.vector(item);
    }

    /** Items of the graph that searches use; 0 if there is none. */
    public int graphItems() {
        return graph.map(OverlaidGraph::size).orElse(0);
    }

    /** Number of graphs finished so far. */
    public int graphs() {
        return graphs.get();
    }

    /** Items that have changed since the build of the graph began, which are searched exactly; 0 if there is no graph. */
    public int changedItems() {
        return graph.map(OverlaidGraph::changedItems).orElse(0);
    }

    /**
     * Takes an item's latest vector, or removes the item if the embedding has none. Writer only.
     *
     * @throws IllegalArgumentException as {@link ExactIndex#upsert}; the index is then unchanged
     */
    public synchronized void upsert(ItemEmbedding embedding, long publishedAt) {
        if (embedding.vector().isEmpty()) {
            remove(embedding.item());
            return;
        }
        exact.upsert(embedding, publishedAt);
        float[] vector = embedding.vector().get();
        graph.ifPresent(used -> used.take(embedding.item(), vector, embedding.attributes()));
        since.ifPresent(items -> items.add(embedding.item()));
    }

    /** Removes an item; nothing happens if it is not here. Writer only. */
    public synchronized void remove(String item) {
        exact.remove(item);
        graph.ifPresent(used -> used.remove(item));
        since.ifPresent(items -> items.add(item));
    }

    @Override
    public List<ScoredItem> search(float[] query, int k, Predicate<String> excluded) {
        return search(new Search(query, k, excluded, ItemFilter.NONE, 0));
    }

    /** The items that score best, best first, as {@link ScoredItem#BEST_FIRST} says; the graph may miss one. */
    public List<ScoredItem> search(Search search) {
        Optional<List<ScoredItem>> near = graph.filter(used -> isFitFor(search, used))
                .flatMap(used -> used.search(search))
                .filter(found -> found.size() >= Math.min(search.k(), exact.size()));
        SearchListener.Means means = near.isPresent() ? SearchListener.Means.GRAPH : SearchListener.Means.EXACT;
        List<ScoredItem> found = near.orElseGet(() -> searchExactly(search));
        listener.answered(this, search, means, found);
        return found;
    }

    private boolean isFitFor(Search search, OverlaidGraph used) {
        return search.popularityWeight() == 0 && used.changedItems() <= MOST_CHANGED * exact.size();
    }

    /** The best of all items, by the exact search. The listener is not told. */
    public List<ScoredItem> searchExactly(Search search) {
        return exact.search(search.query(), search.k(), search.excluded(), search.filter(), search.popularityWeight());
    }

    /**
     * Begins the build of a graph if one is due and none is under way.
     *
     * @param runner runs the build, which takes minutes if there are many items
     * @param pool as {@link GraphIndex#GraphIndex} takes it
     * @param isWanted asked now and then during the build; the build ends once it returns false
     * @return true if a build was begun
     */
    public boolean refreshGraph(Executor runner, ForkJoinPool pool, BooleanSupplier isWanted) {
        synchronized (this) {
            if (isBuilding || !isGraphDue()) {
                return false;
            }
            isBuilding = true;
        }
        boolean isAccepted = false;
        try {
            runner.execute(() -> buildGraph(pool, isWanted));
            isAccepted = true;
        } finally {
            if (!isAccepted) {
                endBuilding(Optional.empty());
            }
        }
        return true;
    }

    private boolean isGraphDue() {
        int items = exact.size();
        return rule.isDue(items, dim())
                && graph.map(used -> used.differences() > rule.rebuildShare() * items)
                        .orElse(true);
    }

    private void buildGraph(ForkJoinPool pool, BooleanSupplier isWanted) {
        Optional<OverlaidGraph> built = Optional.empty();
        try {
            Set<String> changes = new HashSet<>();
            ExactIndex.Snapshot snapshot;
            synchronized (this) {
                snapshot = exact.snapshot();
                since = Optional.of(changes);
            }
            Optional<GraphIndex> nodes =
                    GraphIndex.build(dim(), snapshot.items(), snapshot.vectors(), rule.shape(), pool, isWanted);
            synchronized (this) {
                built = nodes.map(graphOfItems ->
                        new OverlaidGraph(graphOfItems, snapshot.attributes(), changes, exact, rule.maxMove()));
                endBuilding(built);
            }
        } finally {
            if (built.isEmpty()) {
                endBuilding(built);
            }
        }
    }

    private synchronized void endBuilding(Optional<OverlaidGraph> built) {
        if (built.isPresent()) {
            graph = built;
            graphs.incrementAndGet();
        }
        since = Optional.empty();
        isBuilding = false;
    }
}
