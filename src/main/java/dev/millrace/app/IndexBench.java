package dev.millrace.app;

import dev.millrace.index.ExactIndex;
import dev.millrace.index.GraphIndex;
import dev.millrace.index.GraphShape;
import dev.millrace.index.NearestItems;
import dev.millrace.index.ScoredItem;
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
import java.util.stream.Collectors;

/**
 * Holds the graph against the exact search: what it finds of the exact answer, and how long both take, in turn.
 *
 * <p>Vectors are drawn around centres, one for a hundred items, as items of a category lie; a query is an item's vector with noise,
 * of a cosine of about .8 with it.
 */
public final class IndexBench {

    private static final int ITEMS_A_CENTRE = 100;
    private static final double SPREAD = 0.7;
    private static final double AWAY = 0.1;
    private static final int WARM_UP = 200;

    private final Random random = new Random(1);
    private final PrintWriter out;

    public IndexBench(PrintWriter out) {
        this.out = out;
    }

    /**
     * Prints build time, recall and times of search.
     *
     * @param k items of an answer
     * @param queries of a round
     * @param rounds of which the median and the range are printed
     */
    public void run(int items, int dim, int k, int queries, int rounds) {
        float[] vectors = vectors(random, items, dim);
        List<String> ids = new ArrayList<>(items);
        for (int item = 0; item < items; item++) {
            ids.add("item-" + item);
        }
        long before = usedHeap();
        ExactIndex exact = new ExactIndex(dim);
        for (int item = 0; item < items; item++) {
            float[] vector = Arrays.copyOfRange(vectors, item * dim, (item + 1) * dim);
            exact.upsert(new ItemEmbedding(ids.get(item), Optional.of(vector), "bench", 1, 0, 0), 1);
        }
        long exactBytes = usedHeap() - before;
        before = usedHeap();
        long start = System.nanoTime();
        GraphIndex graph = new GraphIndex(dim, ids, vectors.clone(), GraphShape.USUAL);
        double seconds = (System.nanoTime() - start) / 1e9;
        long graphBytes = usedHeap() - before;
        print("%,d items of %d, k = %d, %d rounds of %,d queries; %s", items, dim, k, rounds, queries, machine());
        print("exact  %,d bytes of heap an item, without its id", exactBytes / items);
        print("graph  %,d bytes of heap an item more, built in %.1f s by one thread", graphBytes / items, seconds);

        float[][] warming = queries(vectors, WARM_UP, dim);
        times(exact, warming, k);
        times(graph, warming, k);
        double[] recalls = new double[rounds];
        double[][] exactMillis = new double[rounds][];
        double[][] graphMillis = new double[rounds][];
        for (int round = 0; round < rounds; round++) {
            float[][] asked = queries(vectors, queries, dim);
            exactMillis[round] = times(exact, asked, k);
            graphMillis[round] = times(graph, asked, k);
            recalls[round] = recall(exact, graph, asked, k);
        }
        print("recall@%d  %s", k, spread("%.4f", recalls));
        printTimes("exact", exactMillis);
        printTimes("graph", graphMillis);
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

    private static double recall(NearestItems exact, NearestItems graph, float[][] queries, int k) {
        double sum = 0;
        for (float[] query : queries) {
            Set<String> best = items(exact, query, k);
            int wanted = best.size();
            best.retainAll(items(graph, query, k));
            sum += (double) best.size() / wanted;
        }
        return sum / queries.length;
    }

    private static Set<String> items(NearestItems index, float[] query, int k) {
        return index.search(query, k, item -> false).stream()
                .map(ScoredItem::item)
                .collect(Collectors.toCollection(HashSet::new));
    }

    /** Milliseconds of each search, ascending. */
    private static double[] times(NearestItems index, float[][] queries, int k) {
        double[] millis = new double[queries.length];
        for (int at = 0; at < queries.length; at++) {
            long start = System.nanoTime();
            index.search(queries[at], k, item -> false);
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
        print("%s  p50 %s ms  p99 %s ms", name, spread("%.2f", p50), spread("%.2f", p99));
    }

    /** Median and range. */
    private static String spread(String format, double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                format + " [" + format + "–" + format + "]",
                sorted[sorted.length / 2],
                sorted[0],
                sorted[sorted.length - 1]);
    }

    private static String machine() {
        return "Java " + Runtime.version().feature() + ", "
                + Runtime.getRuntime().availableProcessors() + " cores";
    }

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private void print(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
