package dev.millrace.bench;

import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.index.Arrangement;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Search;
import dev.millrace.model.engine.Loops;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Times searches of the index: alone, with popularity, with filters, arranged, beside updates, and two at once.
 *
 * <p>In each round all rows of the table are measured, one after the other. So what else the machine does meets them alike.
 *
 * @param k items of an answer
 * @param queries of a row in a round
 * @param rounds number of rounds; their median and range are told
 */
public record IndexBench(int k, int queries, int rounds, Report report) {

    private static final float POPULARITY_WEIGHT = 0.05f;
    private static final double DIVERSITY = 0.7;
    private static final Map<String, Integer> PINS = Map.of("1", 1, "2", 2, "3", 3);
    private static final int UPDATES_A_SECOND = 10_000;
    private static final int REPLACED = 20_000; // vectors of a round, to time what replacing one takes
    private static final int WARM_UP = 50;
    private static final double WARM_UP_SECONDS = 30; // at most, until the Vector API is compiled
    private static final long PAUSE_NANOS = 100_000;

    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "bench-index");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * A row of the table, and what its rounds measured.
     *
     * @param threads that ask at once
     * @param isUpdated whether vectors are replaced meanwhile
     */
    private record Row(
            String name,
            ItemFilter filter,
            float popularityWeight,
            Arrangement arrangement,
            int threads,
            boolean isUpdated,
            Map<String, Sample> found) {

        Row(String name, ItemFilter filter, float popularityWeight, int threads, boolean isUpdated) {
            this(name, filter, popularityWeight, Arrangement.NONE, threads, isUpdated, new LinkedHashMap<>());
        }

        Row(String name, Arrangement arrangement) {
            this(name, ItemFilter.NONE, 0, arrangement, 1, false, new LinkedHashMap<>());
        }

        /** @param passing share of the items, in thousandths */
        Row(String name, int passing) {
            this(name, DrawnItems.passing(passing), 0, 1, false);
        }

        static List<Row> all() {
            return List.of(
                    new Row("plain", ItemFilter.NONE, 0, 1, false),
                    new Row("with popularity", ItemFilter.NONE, POPULARITY_WEIGHT, 1, false),
                    new Row("filter passing 10 %", 100),
                    new Row("filter passing 1 %", 10),
                    new Row("filter passing 0.1 %", 1),
                    new Row("boost of 4 makers", DrawnItems.boosts(0.1)),
                    new Row("3 pins", new Arrangement(List.of(), Map.of(), OptionalDouble.empty(), PINS)),
                    new Row("at most 2 of a maker, one has 99 %", DrawnItems.ofAMaker(2)),
                    new Row("at most 1 of a value, of 1,000", DrawnItems.ofANumber(1)),
                    new Row("diversity", new Arrangement(List.of(), Map.of(), OptionalDouble.of(DIVERSITY), Map.of())),
                    new Row("2 threads", ItemFilter.NONE, 0, 2, false),
                    new Row("beside 10,000 updates/s", ItemFilter.NONE, 0, 1, true));
        }

        void add(String figure, double value) {
            found.computeIfAbsent(figure, first -> new Sample()).add(value);
        }

        Search search(float[] query, int k) {
            PriorWeights prior = PriorWeights.ofPopularity(popularityWeight);
            return new Search(query, k, item -> false, filter, prior, Map.of(), arrangement);
        }
    }

    /** Tells of each number of items. */
    public void run(List<Integer> items, int dim) {
        report.add(new Figures()
                .with("dim", dim)
                .with("k", k)
                .with("queries", queries)
                .with("rounds", rounds));
        items.forEach(count -> run(new DrawnItems(count, dim, 1), dim));
    }

    private void run(DrawnItems items, int dim) {
        long empty = Sample.usedHeap();
        ItemIndex index = new ItemIndex(dim);
        for (int item = 0; item < items.size(); item++) {
            index.upsert(items.embedding(item), 1);
        }
        long bytes = (Sample.usedHeap() - empty) / items.size();
        Stopwatch warmUp = Stopwatch.start();
        do { // with samples that nobody reads
            Row.all().forEach(row -> measure(row, index, items, WARM_UP));
        } while (!Loops.now().areBytesFast() && warmUp.seconds() < WARM_UP_SECONDS);
        List<Row> rows = Row.all();
        String part = items.size() + " items";
        int done = 0;
        Sample replaceMicros = new Sample();
        for (int round = 0; round < rounds; round++) {
            replaceMicros.add(replacedMicros(index, items));
            for (Row row : rows) {
                report.progress().reached(part, done++, (long) rounds * rows.size());
                measure(row, index, items, queries);
            }
        }
        report.progress().reached(part, done, done);
        for (Row row : rows) {
            Figures figures = new Figures().with("items", items.size()).with("search", row.name());
            row.found().forEach((name, sample) -> figures.with(name, sample.spread()));
            report.add("searches", figures);
        }
        report.add(
                "indexes",
                new Figures()
                        .with("items", items.size())
                        .with("isBytesFirst", Loops.now().areBytesFast())
                        .with("heapBytesAnItem", bytes)
                        .with("replaceMicros", replaceMicros.spread()));
    }

    private void measure(Row row, ItemIndex index, DrawnItems items, int count) {
        List<Search> searches =
                Stream.generate(() -> row.search(items.query(), k)).limit(count).toList();
        AtomicBoolean isOver = new AtomicBoolean(!row.isUpdated());
        CompletableFuture<Double> updates = CompletableFuture.supplyAsync(() -> update(index, items, isOver), THREADS);
        Sample millis = new Sample();
        Stopwatch all = Stopwatch.start();
        CompletableFuture.allOf(IntStream.range(0, row.threads())
                        .mapToObj(first -> CompletableFuture.runAsync(
                                () -> ask(index, searches, first, row.threads(), millis), THREADS))
                        .toArray(CompletableFuture[]::new))
                .join();
        double seconds = all.seconds();
        isOver.set(true);
        row.add("p50Millis", millis.median());
        row.add("p99Millis", millis.quantile(0.99));
        row.add("searchesPerSecond", count / seconds);
        row.add("updatesPerSecond", updates.join());
    }

    /** Asks each n-th search from the first on. */
    private static void ask(ItemIndex index, List<Search> searches, int first, int n, Sample millis) {
        for (int at = first; at < searches.size(); at += n) {
            Stopwatch watch = Stopwatch.start();
            index.search(searches.get(at));
            millis.add(watch.millis());
        }
    }

    /** Moves vectors at the rate until it is over. Returns how many it moved a second; NaN if it was over before it began. */
    private static double update(ItemIndex index, DrawnItems items, AtomicBoolean isOver) {
        Stopwatch watch = Stopwatch.start();
        long updates = 0;
        while (!isOver.get()) {
            if (updates < UPDATES_A_SECOND * watch.seconds()) {
                index.upsert(items.moved(), 1);
                updates++;
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return updates == 0 ? Double.NaN : updates / watch.seconds();
    }

    private static double replacedMicros(ItemIndex index, DrawnItems items) {
        List<ItemEmbedding> moved =
                Stream.generate(items::moved).limit(REPLACED).toList();
        Stopwatch watch = Stopwatch.start();
        moved.forEach(embedding -> index.upsert(embedding, 1));
        return watch.seconds() * 1e6 / REPLACED;
    }
}
