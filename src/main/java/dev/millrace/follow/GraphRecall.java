package dev.millrace.follow;

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
 * Measures the recall of the graph: repeats some of its answers by exact search, on a thread of its own.
 *
 * <p>An item of the graph's answer counts as found if its score is no less than the last one of the exact answer. The index may change
 * between answer and repetition, which lowers the measured recall a little. Safe for threads.
 */
public final class GraphRecall implements SearchListener, AutoCloseable {

    private static final int WINDOW = 1_000; // the recall is the mean of so many repetitions
    private static final int QUEUE = 16; // answers that wait to be repeated; more are dropped

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

    /** @param sampleEvery one of so many answers by a graph is repeated; 0 for none */
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

    /** The share of the exact answer that another answer has found. */
    static double share(List<ScoredItem> found, List<ScoredItem> exact) {
        if (exact.isEmpty()) {
            return 1;
        }
        float last = exact.get(exact.size() - 1).score();
        long asGood = found.stream().filter(item -> item.score() >= last).count();
        return Math.min(1, (double) asGood / exact.size());
    }

    /** The mean over the latest repetitions; NaN before the first. */
    public double recall() {
        synchronized (recent) {
            int count = (int) Math.min(WINDOW, compared.get());
            return count == 0
                    ? Double.NaN
                    : Arrays.stream(recent, 0, count).average().orElse(Double.NaN);
        }
    }

    /** Number of searches answered by these means. */
    public long answers(Means means) {
        return switch (means) {
            case GRAPH -> byGraph.get();
            case EXACT -> exactly.get();
        };
    }

    /** Number of answers repeated. */
    public long compared() {
        return compared.get();
    }

    /** Number of answers that were not repeated because too many waited. */
    public long dropped() {
        return dropped.get();
    }

    @Override
    public void close() {
        repeater.shutdownNow();
    }
}
