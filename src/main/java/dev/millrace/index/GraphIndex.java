package dev.millrace.index;

import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.ScoreFunction;
import io.github.jbellis.jvector.graph.similarity.SearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Item vectors as a graph of neighbours, built once and then searched, approximately, by any number of threads.
 *
 * <p>The graph is a Vamana graph (Subramanya et al. 2019, DiskANN) made by JVector, over the cosine: vectors and queries have unit
 * length, or no direction at all. Scores are those that {@link ExactIndex} gives, to the bit.
 */
public final class GraphIndex implements NearestItems {

    /*
     * Order. With a pool of one thread, vectors are put in one after the other by the caller, and the last pass over the edges runs in
     * the pool: the same vectors in the same order give the same graph. A pool of several threads is faster, and gives another graph
     * each time.
     *
     * Threads. The pool belongs to the caller. Nothing here starts a thread or ends one.
     *
     * Memory. Vectors lie in one array, from which JVector is given scores; it never holds a vector itself. An item costs its vector,
     * its edges as CompactGraph has them, and its number in a table that is at most half full.
     *
     * Empty. JVector cannot search a graph without nodes, so a search of an empty index does not call it.
     */
    private static final float OVERFLOW = 1.2f; // edges that may wait to be pruned, JVector's own choice
    private static final float DIVERSITY = 1.2f; // alpha of the paper, its own choice too
    private static final int CANDIDATES = 3; // for each item wanted: a recall of .98 at 200,000 items (bench index)
    private static final int ASK_EVERY = 256; // vectors put in between two looks whether the graph is still wanted
    private static final VectorTypeSupport VECTORS =
            VectorizationProvider.getInstance().getVectorTypeSupport();

    private final int dim;
    private final List<String> items;
    private final int[] numbers; // open addressing by the items' hashes: number + 1, or 0
    private final float[] flat;
    private final CompactGraph graph;
    private final GraphShape shape;

    /**
     * @param dim width of the vectors
     * @param items each once
     * @param vectors [items, dim] of unit length, row-major; taken over, not to be changed
     * @param pool that builds the graph; of one thread for the same graph each time
     */
    public GraphIndex(int dim, List<String> items, float[] vectors, GraphShape shape, ForkJoinPool pool) {
        this(dim, items, vectors, shape, graph(dim, items, vectors, shape, pool, () -> true));
    }

    private GraphIndex(int dim, List<String> items, float[] vectors, GraphShape shape, Optional<CompactGraph> graph) {
        this.dim = dim;
        this.items = List.copyOf(items);
        this.numbers = numbers(this.items);
        this.flat = vectors;
        this.shape = shape;
        this.graph = graph.orElseThrow();
    }

    /**
     * As the constructor, but the build can be abandoned.
     *
     * @param isWanted asked now and then during the build; the build ends once it returns false
     * @return empty if the build was abandoned
     */
    static Optional<GraphIndex> build(
            int dim,
            List<String> items,
            float[] vectors,
            GraphShape shape,
            ForkJoinPool pool,
            BooleanSupplier isWanted) {
        Optional<CompactGraph> graph = graph(dim, items, vectors, shape, pool, isWanted);
        return graph.isEmpty() ? Optional.empty() : Optional.of(new GraphIndex(dim, items, vectors, shape, graph));
    }

    /** Whether the vectors fit into one array. */
    static boolean canHold(int items, int dim) {
        return (long) items * dim <= Integer.MAX_VALUE - 8 && items < 1 << 29;
    }

    private static Optional<CompactGraph> graph(
            int dim,
            List<String> items,
            float[] vectors,
            GraphShape shape,
            ForkJoinPool pool,
            BooleanSupplier isWanted) {
        if (vectors.length != (long) items.size() * dim) {
            throw new IllegalArgumentException(
                    vectors.length + " components for " + items.size() + " vectors of " + dim);
        }
        for (float component : vectors) {
            if (!Float.isFinite(component)) {
                throw new IllegalArgumentException("a vector has a component of " + component);
            }
        }
        try (GraphIndexBuilder builder = new GraphIndexBuilder(
                new FlatScores(vectors, dim),
                dim,
                shape.degree(),
                shape.buildBreadth(),
                OVERFLOW,
                DIVERSITY,
                pool,
                pool)) {
            AtomicBoolean isLeft = new AtomicBoolean();
            IntConsumer put = row -> {
                if (row % ASK_EVERY == 0 && !isWanted.getAsBoolean()) {
                    isLeft.set(true);
                }
                if (!isLeft.get()) {
                    builder.addGraphNode(
                            row, VECTORS.createFloatVector(Arrays.copyOfRange(vectors, row * dim, (row + 1) * dim)));
                }
            };
            IntStream rows = IntStream.range(0, items.size());
            if (pool.getParallelism() == 1) {
                rows.forEachOrdered(put);
            } else {
                pool.submit(() -> rows.parallel().forEach(put))
                        .join(); // a parallel stream runs in the pool that it is begun in
            }
            if (isLeft.get()) {
                return Optional.empty();
            }
            if (!items.isEmpty()) {
                builder.cleanup();
            }
            return Optional.of(CompactGraph.of(builder.getGraph()));
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot build a graph in memory", failure);
        }
    }

    /** Scores of vectors that lie in one array, [nodes, dim] row-major. */
    private record FlatScores(float[] flat, int dim) implements BuildScoreProvider {

        /** The cosine, from [-1, 1] to [0, 1]: JVector multiplies scores, so none may be negative. */
        static SearchScoreProvider toward(float[] query, int from, float[] flat, int dim) {
            ScoreFunction.ExactScoreFunction scores =
                    node -> (1 + InnerProduct.of(query, from, flat, node * dim, dim)) / 2;
            return new SearchScoreProvider(scores);
        }

        @Override
        public boolean isExact() {
            return true;
        }

        @Override
        public SearchScoreProvider searchProviderFor(VectorFloat<?> vector) {
            float[] query = new float[dim];
            for (int d = 0; d < dim; d++) {
                query[d] = vector.get(d);
            }
            return toward(query, 0, flat, dim);
        }

        @Override
        public SearchScoreProvider searchProviderFor(int node) {
            return toward(flat, node * dim, flat, dim);
        }

        @Override
        public SearchScoreProvider diversityProviderFor(int node) {
            return searchProviderFor(node);
        }

        @Override
        public VectorFloat<?> approximateCentroid() {
            double[] sums = new double[dim];
            for (int at = 0; at < flat.length; at++) {
                sums[at % dim] += flat[at];
            }
            float[] mean = new float[dim];
            for (int d = 0; d < dim; d++) {
                mean[d] = (float) (sums[d] * dim / Math.max(dim, flat.length));
            }
            return VECTORS.createFloatVector(mean);
        }
    }

    @Override
    public int dim() {
        return dim;
    }

    @Override
    public int size() {
        return items.size();
    }

    /** As {@link NearestItems#search}, approximately: where an item is missed, the next best takes its place. */
    @Override
    public List<ScoredItem> search(float[] query, int k, Predicate<String> excluded) {
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        int[] nodes = nearest(query, breadth(k), node -> excluded.test(items.get(node)), Integer.MAX_VALUE)
                .orElseThrow();
        List<ScoredItem> found = new ArrayList<>(nodes.length);
        for (int node : nodes) {
            found.add(new ScoredItem(items.get(node), InnerProduct.of(query, 0, flat, node * dim, dim)));
        }
        found.sort(ScoredItem.BEST_FIRST);
        return List.copyOf(found.subList(0, Math.min(k, found.size())));
    }

    /**
     * The nodes nearest to a query, in no order. The search is given up if it meets too many nodes that must be left out.
     *
     * @param query [dim]
     * @param count of nodes; below {@link #breadth} the search misses more
     * @param leftOut nodes that must not come back, by number
     * @param patience nodes that may be left out before the search is given up
     * @return empty if the search was given up
     */
    Optional<int[]> nearest(float[] query, int count, IntPredicate leftOut, int patience) {
        if (query.length != dim) {
            throw new IllegalArgumentException("the query has " + query.length + " components, the index has " + dim);
        }
        if (items.isEmpty()) {
            return Optional.of(new int[0]);
        }
        Allowed allowed = new Allowed(leftOut, patience);
        int wanted = Math.min(count, items.size());
        try (GraphSearcher searcher = new GraphSearcher(graph)) {
            SearchResult result =
                    searcher.search(FlatScores.toward(query, 0, flat, dim), wanted, wanted, 0f, 0f, allowed);
            return allowed.isGivenUp()
                    ? Optional.empty()
                    : Optional.of(Arrays.stream(result.getNodes())
                            .mapToInt(found -> found.node)
                            .toArray());
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot search a graph in memory", failure);
        }
    }

    /** The number of candidates that a search for {@code k} items keeps. */
    int breadth(int k) {
        return Math.max(shape.searchBreadth(), CANDIDATES * Math.min(k, items.size()));
    }

    /** The nodes that may come back. Once the patience is used up, all may, so that JVector ends the search soon. */
    private static final class Allowed implements Bits {
        private final IntPredicate leftOut;
        private int patience;

        Allowed(IntPredicate leftOut, int patience) {
            this.leftOut = leftOut;
            this.patience = patience;
        }

        boolean isGivenUp() {
            return patience < 0;
        }

        @Override
        public boolean get(int node) {
            if (patience < 0 || !leftOut.test(node)) {
                return true;
            }
            patience--;
            return patience < 0;
        }
    }

    /** An item's node, or -1 if it has none. */
    int node(String item) {
        for (int slot = slot(item, numbers); ; slot = (slot + 1) & (numbers.length - 1)) {
            int node = numbers[slot] - 1;
            if (node < 0 || items.get(node).equals(item)) {
                return node;
            }
        }
    }

    /** The item of a node. */
    String item(int node) {
        return items.get(node);
    }

    /** Square of the distance of a vector, [dim], from a node's. */
    double squaredDistance(int node, float[] vector) {
        double sum = 0;
        for (int d = 0; d < dim; d++) {
            double difference = (double) vector[d] - flat[node * dim + d];
            sum += difference * difference;
        }
        return sum;
    }

    private static int[] numbers(List<String> items) {
        int[] numbers = new int[Math.max(2, Integer.highestOneBit(Math.max(1, items.size())) << 2)];
        for (int node = 0; node < items.size(); node++) {
            int slot = slot(items.get(node), numbers);
            while (numbers[slot] != 0) {
                slot = (slot + 1) & (numbers.length - 1);
            }
            numbers[slot] = node + 1;
        }
        return numbers;
    }

    private static int slot(String item, int[] numbers) {
        int hash = item.hashCode() * 0x9e3779b9;
        return (hash ^ hash >>> 16) & (numbers.length - 1);
    }
}
