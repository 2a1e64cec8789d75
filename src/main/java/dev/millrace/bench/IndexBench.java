package dev.millrace.bench;

import dev.millrace.batch.PriorWeights;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Search;
import dev.millrace.model.engine.Loops;
import dev.millrace.publish.ItemEmbedding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Times searches of the index: alone, with popularity, with filters, beside updates, and two at once.
 *
 * <p>In each round all rows of the table are measured, one after the other. So what else the machine does meets them alike. After the
 * last round some searches of each row are asked again, and compared with the scores of all items.
 */
public final class IndexBench {

    private static final float POPULARITY_WEIGHT = 0.05f;
    private static final int UPDATES_A_SECOND = 10_000;
    private static final int REPLACED = 20_000; // vectors of a round, to time what replacing one takes
    private static final int COMPARED = 32; // searches of a row that are compared with the scores of all items
    private static final int WARM_UP = 50;
    private static final double WARM_UP_SECONDS = 30; // at most, until the Vector API is compiled
    private static final long PAUSE_NANOS = 100_000;

    private static final List<Row> ROWS = List.of(
            new Row("plain", ItemFilter.NONE, 0, 1, false),
            new Row("with popularity", ItemFilter.NONE, POPULARITY_WEIGHT, 1, false),
            Row.filtered("filter passing 10 %", 100),
            Row.filtered("filter passing 1 %", 10),
            Row.filtered("filter passing 0.1 %", 1),
            new Row("beside 10,000 updates/s", ItemFilter.NONE, 0, 1, true),
            new Row("2 threads", ItemFilter.NONE, 0, 2, false));

    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "bench-index");
        thread.setDaemon(true);
        return thread;
    });
    private final BenchReport report;

    public IndexBench(BenchReport report) {
        this.report = report;
    }

    /**
     * A row of the table.
     *
     * @param threads that ask at once
     * @param isUpdated whether vectors are replaced meanwhile
     */
    private record Row(String name, ItemFilter filter, float popularityWeight, int threads, boolean isUpdated) {

        /** @param passing share of the items, in thousandths */
        static Row filtered(String name, int passing) {
            return new Row(name, DrawnItems.passing(passing), 0, 1, false);
        }

        Search search(float[] query, int k) {
            return new Search(query, k, item -> false, filter, PriorWeights.ofPopularity(popularityWeight));
        }
    }

    /** What was measured of a row in a round; updates a second are NaN where there were none. */
    private record Measured(double p50Millis, double p99Millis, double perSecond, double updatesPerSecond) {}

    /**
     * Tells a table for each number of items.
     *
     * @param k items of an answer
     * @param queries of a row in a round
     * @param rounds number of rounds; their median and range are told
     */
    public void run(List<Integer> items, int dim, int k, int queries, int rounds) {
        report.add(new Figures()
                .with("dim", dim)
                .with("k", k)
                .with("queries", queries)
                .with("rounds", rounds)
                .with("java", Runtime.version().feature())
                .with("cores", Runtime.getRuntime().availableProcessors()));
        for (int count : items) {
            run(new DrawnItems(count, dim, 1), dim, k, queries, rounds);
        }
        threads.shutdown();
    }

    private void run(DrawnItems items, int dim, int k, int queries, int rounds) {
        long empty = Figures.usedHeap();
        ItemIndex index = new ItemIndex(dim);
        for (int item = 0; item < items.size(); item++) {
            index.upsert(items.embedding(item), 1);
        }
        long bytes = (Figures.usedHeap() - empty) / items.size();
        warmUp(index, items, k);
        report.print(
                "%,d items of %d, k = %d, %d rounds of %,d queries; Java %d, %d cores, %s",
                items.size(),
                dim,
                k,
                rounds,
                queries,
                Runtime.version().feature(),
                Runtime.getRuntime().availableProcessors(),
                Loops.now().areBytesFast() ? "bytes first" : "floats alone, the Vector API is missing or not compiled");
        String part = String.format(Locale.ROOT, "%,d items", items.size());
        long all = (long) rounds * ROWS.size();
        double[] replaced = new double[rounds];
        Measured[][] measured = new Measured[ROWS.size()][rounds];
        for (int round = 0; round < rounds; round++) {
            replaced[round] = replacedMicros(index, items);
            for (int row = 0; row < ROWS.size(); row++) {
                report.reached(part, (long) round * ROWS.size() + row, all);
                measured[row][round] = measure(ROWS.get(row), index, items, k, queries);
            }
        }
        report.reached(part, all, all);
        report.print("");
        report.print("| search | p50, ms | p99, ms | searches a second | updates a second | recall@%d |", k);
        report.print("|---|---|---|---|---|---|");
        for (int row = 0; row < ROWS.size(); row++) {
            tell(items.size(), ROWS.get(row), measured[row], recall(ROWS.get(row), index, items, k));
        }
        Spread replacement = Spread.of(replaced);
        report.add(
                "indexes",
                new Figures()
                        .with("items", items.size())
                        .with("isBytesFirst", Loops.now().areBytesFast())
                        .with("heapBytesAnItem", bytes)
                        .with("replaceMicros", replacement));
        report.print("");
        report.print("memory: %,d bytes of heap an item, without its id", bytes);
        report.print("to replace a vector: %s µs", replacement.text("%.2f"));
        report.print("");
    }

    private void warmUp(ItemIndex index, DrawnItems items, int k) {
        long start = System.nanoTime();
        do {
            ROWS.forEach(row -> measure(row, index, items, k, WARM_UP));
        } while (!Loops.now().areBytesFast() && Figures.secondsSince(start) < WARM_UP_SECONDS);
    }

    private Measured measure(Row row, ItemIndex index, DrawnItems items, int k, int queries) {
        List<Search> searches = IntStream.range(0, queries)
                .mapToObj(query -> row.search(items.query(), k))
                .toList();
        AtomicBoolean isOver = new AtomicBoolean(!row.isUpdated());
        CompletableFuture<Double> updates = CompletableFuture.supplyAsync(() -> update(index, items, isOver), threads);
        DurationSample took = new DurationSample();
        long start = System.nanoTime();
        CompletableFuture.allOf(IntStream.range(0, row.threads())
                        .mapToObj(first -> CompletableFuture.runAsync(
                                () -> ask(index, searches, first, row.threads(), took), threads))
                        .toArray(CompletableFuture[]::new))
                .join();
        double seconds = Figures.secondsSince(start);
        isOver.set(true);
        return new Measured(took.quantile(0.5), took.quantile(0.99), queries / seconds, updates.join());
    }

    /** Asks each n-th search from the first on. */
    private static void ask(ItemIndex index, List<Search> searches, int first, int n, DurationSample took) {
        for (int at = first; at < searches.size(); at += n) {
            long start = System.nanoTime();
            index.search(searches.get(at));
            took.add(Figures.secondsSince(start) * 1e3);
        }
    }

    /** Moves vectors at the rate until it is over. Returns how many it moved a second; NaN if it was over before it began. */
    private static double update(ItemIndex index, DrawnItems items, AtomicBoolean isOver) {
        long start = System.nanoTime();
        long updates = 0;
        while (!isOver.get()) {
            if (updates < UPDATES_A_SECOND * Figures.secondsSince(start)) {
                index.upsert(items.moved(), 1);
                updates++;
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return updates == 0 ? Double.NaN : updates / Figures.secondsSince(start);
    }

    private static double replacedMicros(ItemIndex index, DrawnItems items) {
        List<ItemEmbedding> moved = new ArrayList<>(REPLACED);
        for (int update = 0; update < REPLACED; update++) {
            moved.add(items.moved());
        }
        long start = System.nanoTime();
        moved.forEach(embedding -> index.upsert(embedding, 1));
        return Figures.secondsSince(start) * 1e6 / REPLACED;
    }

    /** The mean share of the best items that the answers have. */
    private static double recall(Row row, ItemIndex index, DrawnItems items, int k) {
        return IntStream.range(0, COMPARED)
                .mapToObj(query -> row.search(items.query(), k))
                .mapToDouble(search -> items.recall(search, index.search(search)))
                .average()
                .orElseThrow();
    }

    private void tell(int items, Row row, Measured[] rounds, double recall) {
        Spread p50 = spread(rounds, Measured::p50Millis);
        Spread p99 = spread(rounds, Measured::p99Millis);
        Spread searches = spread(rounds, Measured::perSecond);
        Figures found = new Figures()
                .with("items", items)
                .with("search", row.name())
                .with("p50Millis", p50)
                .with("p99Millis", p99)
                .with("searchesPerSecond", searches);
        String updatesText = "";
        if (row.isUpdated()) {
            Spread updates = spread(rounds, Measured::updatesPerSecond);
            found.with("updatesPerSecond", updates);
            updatesText = updates.text("%.0f");
        }
        report.add("searches", found.with("recall", recall));
        report.print(
                "| %s | %s | %s | %s | %s | %.4f |",
                row.name(), p50.text("%.2f"), p99.text("%.2f"), searches.text("%.0f"), updatesText, recall);
    }

    private static Spread spread(Measured[] rounds, ToDoubleFunction<Measured> figure) {
        return Spread.of(Arrays.stream(rounds).mapToDouble(figure).toArray());
    }
}
