package dev.millrace.bench;

import dev.millrace.index.GraphRule;
import dev.millrace.index.GraphShape;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import dev.millrace.index.SearchListener;
import dev.millrace.publish.ItemEmbedding;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Collectors;

/**
 * Compares the graph of items with the exact search: the recall of the graph, and the times of both, in turn.
 *
 * <p>It measures three times: with the graph as built; after every vector has moved by so little that the graph still finds it; and
 * after a tenth of the items have new vectors, which are searched exactly. Vectors are drawn around centres, one for a hundred items,
 * like the items of a category. A query is an item's vector with noise; its cosine with the vector is about .8.
 */
public final class IndexBench {

    private static final int ITEMS_A_CENTRE = 100;
    private static final double SPREAD = 0.7;
    private static final double AWAY = 0.1;
    private static final double MOVE = 0.1; // the default of serve.graph.max-move
    private static final int ANEW = 10; // one item of so many gets a new vector
    private static final int WARM_UP = 200;

    private final Random random = new Random(1);
    private final Figures figures;

    public IndexBench(PrintWriter out) {
        this.figures = new Figures(out);
    }

    /** How a search is answered. */
    private interface Way {
        List<ScoredItem> answer(Search search);
    }

    /**
     * Prints build time, recall and times of search.
     *
     * @param k items of an answer
     * @param queries of a round
     * @param rounds number of rounds; their median and range are printed
     * @param threads that build the graph
     */
    public void run(int items, int dim, int k, int queries, int rounds, int threads) {
        figures.print(
                "%,d items of %d, k = %d, %d rounds of %,d queries; %s", items, dim, k, rounds, queries, machine());
        float[] vectors = vectors(random, items, dim);
        List<String> ids = new ArrayList<>(items);
        for (int item = 0; item < items; item++) {
            ids.add("item-" + item);
        }
        long empty = Figures.usedHeap();
        ItemIndex index = new ItemIndex(dim, new GraphRule(1, 1, MOVE * 1.01, GraphShape.USUAL), SearchListener.NONE);
        for (int item = 0; item < items; item++) {
            put(index, ids.get(item), vectors, item, dim);
        }
        long exact = Figures.usedHeap();
        figures.print("exact  %,d bytes of heap an item, without its id", (exact - empty) / items);
        long start = System.nanoTime();
        ForkJoinPool pool = new ForkJoinPool(threads);
        index.refreshGraph(Runnable::run, pool, () -> true);
        pool.shutdown();
        double seconds = Figures.secondsSince(start);
        figures.print(
                "graph  %,d bytes of heap an item more, built in %.1f s by %d threads",
                (Figures.usedHeap() - exact) / items, seconds, threads);
        compare("as built", index, vectors, k, queries, rounds);

        for (int item = 0; item < items; item++) {
            move(vectors, item * dim, dim);
            put(index, ids.get(item), vectors, item, dim);
        }
        compare(String.format(Locale.ROOT, "all moved by %.1f", MOVE), index, vectors, k, queries, rounds);

        float[] others = vectors(random, items / ANEW, dim);
        for (int other = 0; other < items / ANEW; other++) {
            int item = other * ANEW;
            System.arraycopy(others, other * dim, vectors, item * dim, dim);
            put(index, ids.get(item), vectors, item, dim);
        }
        compare(
                String.format(Locale.ROOT, "and %,d items anew", index.changedItems()),
                index,
                vectors,
                k,
                queries,
                rounds);
    }

    private void compare(String what, ItemIndex index, float[] vectors, int k, int queries, int rounds) {
        int dim = index.dim();
        float[][] warming = queries(vectors, WARM_UP, dim);
        times(index::searchExactly, warming, k);
        times(index::search, warming, k);
        double[] recalls = new double[rounds];
        double[][] exactMillis = new double[rounds][];
        double[][] graphMillis = new double[rounds][];
        for (int round = 0; round < rounds; round++) {
            float[][] asked = queries(vectors, queries, dim);
            exactMillis[round] = times(index::searchExactly, asked, k);
            graphMillis[round] = times(index::search, asked, k);
            recalls[round] = recall(index, asked, k);
        }
        figures.print("%s: recall@%d  %s", what, k, Figures.spread("%.4f", recalls));
        printTimes("exact", exactMillis);
        printTimes("graph", graphMillis);
    }

    private static void put(ItemIndex index, String id, float[] vectors, int item, int dim) {
        float[] vector = Arrays.copyOfRange(vectors, item * dim, (item + 1) * dim);
        index.upsert(new ItemEmbedding(id, Optional.of(vector), "bench", 1, 0, 0), 1);
    }

    /** Moves a unit vector by {@link #MOVE}, at most, in any direction. */
    private void move(float[] vectors, int from, int dim) {
        double[] direction = random.doubles(dim, -1, 1).toArray();
        double length = Math.sqrt(Arrays.stream(direction).map(x -> x * x).sum());
        for (int d = 0; d < dim; d++) {
            vectors[from + d] += (float) (MOVE * direction[d] / length);
        }
        normalise(vectors, from, dim);
    }

    /** Unit vectors around centres, [items, dim]. */
    static float[] vectors(Random random, int items, int dim) {
        int centres = Math.max(1, items / ITEMS_A_CENTRE);
        float[] centre = new float[centres * dim];
        for (int at = 0; at < centre.length; at++) {
            centre[at] = (float) random.nextGaussian();
        }
        float[] vectors = new float[items * dim];
        for (int item = 0; item < items; item++) {
            int from = random.nextInt(centres) * dim;
            for (int d = 0; d < dim; d++) {
                vectors[item * dim + d] = (float) (centre[from + d] + SPREAD * random.nextGaussian());
            }
            normalise(vectors, item * dim, dim);
        }
        return vectors;
    }

    private float[][] queries(float[] vectors, int count, int dim) {
        float[][] queries = new float[count][];
        for (int query = 0; query < count; query++) {
            int item = random.nextInt(vectors.length / dim);
            queries[query] = Arrays.copyOfRange(vectors, item * dim, (item + 1) * dim);
            for (int d = 0; d < dim; d++) {
                queries[query][d] += (float) (AWAY * random.nextGaussian());
            }
            normalise(queries[query], 0, dim);
        }
        return queries;
    }

    private static void normalise(float[] vectors, int from, int dim) {
        double square = 0;
        for (int d = 0; d < dim; d++) {
            square += (double) vectors[from + d] * vectors[from + d];
        }
        for (int d = 0; d < dim; d++) {
            vectors[from + d] /= (float) Math.sqrt(square);
        }
    }

    private static double recall(ItemIndex index, float[][] queries, int k) {
        double sum = 0;
        for (float[] query : queries) {
            Set<String> best = items(index.searchExactly(search(query, k)));
            int wanted = best.size();
            best.retainAll(items(index.search(search(query, k))));
            sum += (double) best.size() / wanted;
        }
        return sum / queries.length;
    }

    private static Search search(float[] query, int k) {
        return new Search(query, k, item -> false, ItemFilter.NONE, 0);
    }

    private static Set<String> items(List<ScoredItem> found) {
        return found.stream().map(ScoredItem::item).collect(Collectors.toCollection(HashSet::new));
    }

    /** Milliseconds of each search, ascending. */
    private static double[] times(Way way, float[][] queries, int k) {
        double[] millis = new double[queries.length];
        for (int at = 0; at < queries.length; at++) {
            long start = System.nanoTime();
            way.answer(search(queries[at], k));
            millis[at] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(millis);
        return millis;
    }

    private void printTimes(String name, double[][] rounds) {
        double[] p50 = new double[rounds.length];
        double[] p99 = new double[rounds.length];
        for (int round = 0; round < rounds.length; round++) {
            p50[round] = rounds[round][rounds[round].length / 2];
            p99[round] = rounds[round][rounds[round].length * 99 / 100];
        }
        figures.print("  %s  p50 %s ms  p99 %s ms", name, Figures.spread("%.2f", p50), Figures.spread("%.2f", p99));
    }

    private static String machine() {
        return "Java " + Runtime.version().feature() + ", "
                + Runtime.getRuntime().availableProcessors() + " cores";
    }
}
