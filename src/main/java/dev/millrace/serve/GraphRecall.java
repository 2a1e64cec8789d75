package dev.millrace.serve;

import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import dev.millrace.index.SearchListener;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Repeats some of the answers by a graph exactly, on a thread of its own, and says what share of the exact answers was found.
 *
 * <p>An item counts as found if the graph's answer has one of its rank: a score no less than that of the last of the exact answer.
 * The index may change between answer and repetition, which takes a little off the recall of a busy one. Safe for threads.
 */
final class GraphRecall implements SearchListener, AutoCloseable {

    private static final int WINDOW = 1_000; // repetitions that the recall is the mean of
    private static final int QUEUE = 16; // answers waiting to be repeated; more are dropped

    private final int sampleEvery;
    private final AtomicLong byGraph = new AtomicLong();
    private final AtomicLong exactly = new AtomicLong();
    private final AtomicLong compared = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final double[] recent = new double[WINDOW];
    private final ThreadPoolExecutor repeater =
            new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUE), task -> {
                Thread thread = new Thread(task, "repeat-exactly");
                thread.setDaemon(true);
                return thread;
            });

    /** @param sampleEvery of so many answers by a graph, one is repeated; 0 for none */
    GraphRecall(int sampleEvery) {
        this.sampleEvery = sampleEvery;
    }

    @Override
    public void answered(ItemIndex index, Search search, Means means, List<ScoredItem> found) {
        if (means == Means.EXACT) {
            exactly.incrementAndGet();
            return;
        }
        long count = byGraph.incrementAndGet();
        if (sampleEvery > 0 && count % sampleEvery == 0) {
            try {
                repeater.execute(() -> compare(found, index.searchExactly(search)));
            } catch (RejectedExecutionException busy) {
                dropped.incrementAndGet();
            }
        }
    }

    private void compare(List<ScoredItem> found, List<ScoredItem> exact) {
        double share = share(found, exact);
        synchronized (recent) {
            recent[(int) (compared.getAndIncrement() % WINDOW)] = share;
        }
    }

    /** What share of the exact answer another has. */
    static double share(List<ScoredItem> found, List<ScoredItem> exact) {
        if (exact.isEmpty()) {
            return 1;
        }
        float last = exact.get(exact.size() - 1).score();
        long asGood = found.stream().filter(item -> item.score() >= last).count();
        return Math.min(1, (double) asGood / exact.size());
    }

    /** Mean over the latest repetitions; NaN before the first. */
    double recall() {
        synchronized (recent) {
            int count = (int) Math.min(WINDOW, compared.get());
            return count == 0
                    ? Double.NaN
                    : Arrays.stream(recent, 0, count).average().orElse(Double.NaN);
        }
    }

    /** Searches answered. */
    long answers(Means means) {
        return means == Means.GRAPH ? byGraph.get() : exactly.get();
    }

    /** Answers repeated. */
    long compared() {
        return compared.get();
    }

    /** Answers that would have been repeated, had too many not been waiting. */
    long dropped() {
        return dropped.get();
    }

    @Override
    public void close() {
        repeater.shutdownNow();
    }
}
