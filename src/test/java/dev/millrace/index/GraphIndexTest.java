package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.publish.ItemEmbedding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GraphIndexTest {

    private static final ForkJoinPool ONE_THREAD = new ForkJoinPool(1);
    private static final ForkJoinPool THREE_THREADS = new ForkJoinPool(3);

    @Test
    void findsAlmostAllThatTheExactSearchFinds() {
        int items = 20_000;
        int dim = 64;
        Random random = new Random(1);
        float[] vectors = clustered(random, items, dim);
        List<String> ids = ids(items);
        GraphIndex graph = new GraphIndex(dim, ids, vectors, GraphShape.USUAL, ONE_THREAD);
        ExactIndex exact = exact(ids, vectors, dim);

        int[] sizes = {10, 100};
        double[] shared = new double[sizes.length];
        int queries = 100;
        for (int query = 0; query < queries; query++) {
            float[] near = near(random, vectors, random.nextInt(items), dim);
            for (int at = 0; at < sizes.length; at++) {
                Set<String> best = itemsOf(exact.search(near, sizes[at], item -> false));
                best.retainAll(itemsOf(graph.search(near, sizes[at], item -> false)));
                shared[at] += (double) best.size() / sizes[at] / queries;
            }
        }

        assertThat(graph.size()).isEqualTo(items);
        assertThat(shared[0]).as("recall of 10").isGreaterThan(0.99);
        assertThat(shared[1]).as("recall of 100").isGreaterThan(0.97);
    }

    @Test
    void severalThreadsBuildAGraphThatFindsAsMuchUnlessItIsNoLongerWanted() {
        Random random = new Random(6);
        int dim = 16;
        int items = 2_000;
        List<String> ids = ids(items);
        float[] vectors = clustered(random, items, dim);
        ExactIndex exact = exact(ids, vectors, dim);

        GraphIndex graph = GraphIndex.build(dim, ids, vectors, GraphShape.USUAL, THREE_THREADS, () -> true)
                .orElseThrow();

        int found = 0;
        for (int query = 0; query < 100; query++) {
            float[] near = near(random, vectors, random.nextInt(items), dim);
            Set<String> best = itemsOf(exact.search(near, 10, item -> false));
            best.retainAll(itemsOf(graph.search(near, 10, item -> false)));
            found += best.size();
        }
        assertThat(found).isGreaterThan(980);
        assertThat(GraphIndex.build(dim, ids, vectors, GraphShape.USUAL, THREE_THREADS, () -> false))
                .isEmpty();
    }

    @Test
    void aSmallCatalogueIsFoundWholeWithTheScoresOfTheExactSearch() {
        Random random = new Random(2);
        int dim = 19;
        List<String> ids = ids(60);
        float[] vectors = clustered(random, 60, dim);
        GraphIndex graph = new GraphIndex(dim, ids, vectors, GraphShape.USUAL, ONE_THREAD);
        ExactIndex exact = exact(ids, vectors, dim);

        float[] query = near(random, vectors, 7, dim);

        assertThat(graph.search(query, 500, item -> false)).isEqualTo(exact.search(query, 500, item -> false));
    }

    @Test
    void excludedItemsAreReplacedByTheNextBest() {
        Random random = new Random(3);
        int dim = 16;
        List<String> ids = ids(500);
        float[] vectors = clustered(random, 500, dim);
        GraphIndex graph = new GraphIndex(dim, ids, vectors, GraphShape.USUAL, ONE_THREAD);
        float[] query = near(random, vectors, 7, dim);
        Set<String> best = itemsOf(graph.search(query, 20, item -> false));

        List<ScoredItem> next = graph.search(query, 20, best::contains);

        assertThat(next).hasSize(20).isSortedAccordingTo(ScoredItem.BEST_FIRST);
        assertThat(itemsOf(next)).doesNotContainAnyElementsOf(best);
        assertThat(next).isEqualTo(exact(ids, vectors, dim).search(query, 20, best::contains));
    }

    @Test
    void theSameVectorsGiveTheSameAnswers() {
        int dim = 16;
        List<String> ids = ids(3_000);
        float[] vectors = clustered(new Random(4), 3_000, dim);
        GraphShape narrow = new GraphShape(4, 8, 4); // misses enough for a difference to show
        GraphIndex one = new GraphIndex(dim, ids, vectors, narrow, ONE_THREAD);
        GraphIndex other = new GraphIndex(dim, ids, vectors.clone(), narrow, ONE_THREAD);

        Random random = new Random(5);
        for (int query = 0; query < 50; query++) {
            float[] near = near(random, vectors, random.nextInt(3_000), dim);
            assertThat(one.search(near, 10, item -> false)).isEqualTo(other.search(near, 10, item -> false));
        }
    }

    @Test
    void anEmptyCatalogueAndOneOfEqualVectorsCanBeSearched() {
        GraphIndex empty = new GraphIndex(2, List.of(), new float[0], GraphShape.USUAL, ONE_THREAD);
        float[] equal = new float[2 * 50];
        for (int row = 0; row < 50; row++) {
            equal[2 * row] = 1;
        }
        GraphIndex same = new GraphIndex(2, ids(50), equal, GraphShape.USUAL, ONE_THREAD);

        assertThat(empty.search(new float[] {1, 0}, 3, item -> false)).isEmpty();
        assertThat(same.search(new float[] {1, 0}, 3, item -> false)).hasSize(3);
        assertThat(same.search(new float[] {1, 0}, 3, item -> true)).isEmpty();
    }

    @Test
    void whatCannotBeSearchedIsRefused() {
        GraphIndex index = new GraphIndex(2, ids(1), new float[] {1, 0}, GraphShape.USUAL, ONE_THREAD);

        assertThatThrownBy(() -> index.search(new float[3], 1, item -> false)).hasMessageContaining("3 components");
        assertThatThrownBy(() -> index.search(new float[2], 0, item -> false)).hasMessageContaining("k = 0");
        assertThatThrownBy(() -> new GraphIndex(2, ids(2), new float[] {1, 0}, GraphShape.USUAL, ONE_THREAD))
                .hasMessageContaining("2 components for 2 vectors of 2");
        assertThatThrownBy(() -> new GraphIndex(2, ids(1), new float[] {1, Float.NaN}, GraphShape.USUAL, ONE_THREAD))
                .hasMessageContaining("NaN");
    }

    /** Unit vectors around some centres, as item vectors of one category lie. */
    private static float[] clustered(Random random, int items, int dim) {
        float[][] centres = new float[Math.max(1, items / 100)][dim];
        for (float[] centre : centres) {
            for (int d = 0; d < dim; d++) {
                centre[d] = (float) random.nextGaussian();
            }
        }
        float[] vectors = new float[items * dim];
        for (int row = 0; row < items; row++) {
            float[] centre = centres[random.nextInt(centres.length)];
            for (int d = 0; d < dim; d++) {
                vectors[row * dim + d] = centre[d] + 0.7f * (float) random.nextGaussian();
            }
            normalise(vectors, row * dim, dim);
        }
        return vectors;
    }

    private static float[] near(Random random, float[] vectors, int row, int dim) {
        float[] query = Arrays.copyOfRange(vectors, row * dim, (row + 1) * dim);
        for (int d = 0; d < dim; d++) {
            query[d] += 0.1f * (float) random.nextGaussian();
        }
        normalise(query, 0, dim);
        return query;
    }

    private static void normalise(float[] vectors, int from, int dim) {
        double square = 0;
        for (int d = 0; d < dim; d++) {
            square += vectors[from + d] * vectors[from + d];
        }
        for (int d = 0; d < dim; d++) {
            vectors[from + d] /= (float) Math.sqrt(square);
        }
    }

    private static ExactIndex exact(List<String> ids, float[] vectors, int dim) {
        ExactIndex index = new ExactIndex(dim);
        for (int row = 0; row < ids.size(); row++) {
            float[] vector = Arrays.copyOfRange(vectors, row * dim, (row + 1) * dim);
            index.upsert(new ItemEmbedding(ids.get(row), Optional.of(vector), "g", 1, 0, 0), 0);
        }
        return index;
    }

    private static List<String> ids(int count) {
        List<String> ids = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            ids.add("item-" + at);
        }
        return ids;
    }

    private static Set<String> itemsOf(List<ScoredItem> found) {
        return found.stream().map(ScoredItem::item).collect(Collectors.toCollection(HashSet::new));
    }
}
