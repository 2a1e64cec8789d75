package dev.millrace.index;

import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.OnHeapGraphIndex;
import io.github.jbellis.jvector.graph.RandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.SearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Predicate;

/**
 * Item vectors as a graph of neighbours, built once and then searched, approximately, by any number of threads.
 *
 * <p>The graph is a Vamana graph (Subramanya et al. 2019, DiskANN) made by JVector, over the cosine: vectors and queries have unit
 * length, or no direction at all. Scores are those that {@link ExactIndex} gives, to the bit.
 */
public final class GraphIndex implements NearestItems {

    /*
     * Order. Vectors are put in one after the other by the calling thread, and the last pass over the edges runs in a pool of one: so
     * that the same vectors in the same order give the same graph. A build by many threads is faster and another graph each time.
     *
     * Empty. JVector cannot search a graph without nodes, so that case never reaches it.
     */
    private static final float OVERFLOW = 1.2f; // edges that may wait to be pruned, JVector's own choice
    private static final float DIVERSITY = 1.2f; // alpha of the paper, its own choice too
    private static final VectorTypeSupport VECTORS =
            VectorizationProvider.getInstance().getVectorTypeSupport();

    private final int dim;
    private final List<String> items;
    private final float[] flat;
    private final RandomAccessVectorValues values;
    private final OnHeapGraphIndex graph;
    private final GraphShape shape;

    /**
     * @param dim width of the vectors
     * @param items each once
     * @param vectors [items, dim] of unit length, row-major; taken over, not to be changed
     */
    public GraphIndex(int dim, List<String> items, float[] vectors, GraphShape shape) {
        if (vectors.length != items.size() * dim) {
            throw new IllegalArgumentException(
                    vectors.length + " components for " + items.size() + " vectors of " + dim);
        }
        for (float component : vectors) {
            if (!Float.isFinite(component)) {
                throw new IllegalArgumentException("a vector has a component of " + component);
            }
        }
        this.dim = dim;
        this.items = List.copyOf(items);
        this.flat = vectors;
        this.shape = shape;
        List<VectorFloat<?>> rows = new ArrayList<>(items.size());
        for (int row = 0; row < items.size(); row++) {
            float[] vector = new float[dim];
            System.arraycopy(vectors, row * dim, vector, 0, dim);
            rows.add(VECTORS.createFloatVector(vector));
        }
        this.values = new ListRandomAccessVectorValues(rows, dim);
        this.graph = build(values, shape);
    }

    private static OnHeapGraphIndex build(RandomAccessVectorValues values, GraphShape shape) {
        BuildScoreProvider scores =
                BuildScoreProvider.randomAccessScoreProvider(values, VectorSimilarityFunction.DOT_PRODUCT);
        ForkJoinPool alone = new ForkJoinPool(1);
        try (GraphIndexBuilder builder = new GraphIndexBuilder(
                scores, values.dimension(), shape.degree(), shape.buildBreadth(), OVERFLOW, DIVERSITY, alone, alone)) {
            for (int row = 0; row < values.size(); row++) {
                builder.addGraphNode(row, values.getVector(row));
            }
            if (values.size() > 0) {
                builder.cleanup();
            }
            return builder.getGraph();
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot build a graph in memory", failure);
        } finally {
            alone.shutdown();
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

    /** As {@link NearestItems#search}; an item may be missed, and then the next best stands in its place. */
    @Override
    public List<ScoredItem> search(float[] query, int k, Predicate<String> excluded) {
        if (query.length != dim) {
            throw new IllegalArgumentException("the query has " + query.length + " components, the index has " + dim);
        }
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        if (items.isEmpty()) {
            return List.of();
        }
        int wanted = Math.min(k, items.size());
        SearchScoreProvider scores = SearchScoreProvider.exact(
                VECTORS.createFloatVector(query), VectorSimilarityFunction.DOT_PRODUCT, values);
        Bits allowed = row -> !excluded.test(items.get(row));
        List<ScoredItem> found = new ArrayList<>(wanted);
        try (GraphSearcher searcher = new GraphSearcher(graph)) {
            int breadth = Math.max(shape.searchBreadth(), 2 * wanted);
            SearchResult result = searcher.search(scores, wanted, breadth, 0f, 0f, allowed);
            for (SearchResult.NodeScore node : result.getNodes()) {
                float score = ExactIndex.innerProduct(query, flat, node.node * dim);
                found.add(new ScoredItem(items.get(node.node), score));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot search a graph in memory", failure);
        }
        found.sort(ScoredItem.BEST_FIRST);
        return Collections.unmodifiableList(found);
    }
}
