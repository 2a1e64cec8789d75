package dev.millrace.follow;

import dev.millrace.index.GraphRule;
import dev.millrace.index.GraphShape;
import dev.millrace.index.ItemIndex;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.ServedGeneration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes indexes of items, builds their graphs in threads of its own, one graph at a time, and measures the graphs' recall.
 *
 * <p>Only the generation that answers gets a graph, and only if the graph fits into the heap, as the process ends when it is out of
 * memory. Safe for threads.
 */
public final class ItemGraphs implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ItemGraphs.class);

    private static final double HEAP_SHARE = 0.75; // share of the heap that indexes and graphs may take

    private final long heapBytes;
    private final GraphRule rule;
    private final GraphRecall recall;
    private final ExecutorService builder = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "build-graph");
        thread.setDaemon(true);
        return thread;
    });
    private final ForkJoinPool pool; // of the threads that a build uses
    private final AtomicLong builds = new AtomicLong();
    private volatile double lastBuildSeconds = Double.NaN;
    private volatile boolean isOpen = true;
    private volatile boolean isWarned;

    public ItemGraphs(GraphSettings settings) {
        this(settings, Runtime.getRuntime().maxMemory());
    }

    /** @param heapBytes the size of the whole heap */
    ItemGraphs(GraphSettings settings, long heapBytes) {
        this.heapBytes = heapBytes;
        this.rule = new GraphRule(settings.minItems(), settings.rebuildShare(), settings.maxMove(), GraphShape.USUAL);
        this.pool = new ForkJoinPool(settings.threads());
        this.recall = new GraphRecall(settings.sampleEvery());
    }

    /** An empty index whose graph is built, and whose searches are measured, here. */
    ItemIndex index(int dim) {
        return new ItemIndex(dim, rule, recall);
    }

    /** Begins a graph of the served generation if one is due. The build is abandoned if the generation is no longer served. */
    void refresh(RecallEngine engine) {
        Optional<ItemIndex> served = engine.served().map(ServedGeneration::index);
        if (isOpen && served.isPresent() && fits(served.get(), engine)) {
            ItemIndex index = served.get();
            index.refreshGraph(task -> builder.execute(() -> build(index, task)), pool, () -> isServed(index, engine));
        }
    }

    private boolean fits(ItemIndex index, RecallEngine engine) {
        long needed = rule.heapBytes(index.size(), index.dim())
                + engine.kept().stream()
                        .map(ServedGeneration::index)
                        .filter(other -> other != index)
                        .mapToLong(rule::heapBytes)
                        .sum();
        if (needed <= HEAP_SHARE * heapBytes) {
            return true;
        }
        if (rule.minItems() > 0 && index.size() >= rule.minItems() && !isWarned) {
            isWarned = true;
            LOG.atWarn()
                    .addKeyValue("itemCount", index.size())
                    .addKeyValue("neededMegabytes", needed >> 20)
                    .addKeyValue("heapMegabytes", heapBytes >> 20)
                    .log("No graph of the items is built because it does not fit into the heap; answers are exact");
        }
        return false;
    }

    private boolean isServed(ItemIndex index, RecallEngine engine) {
        return isOpen
                && engine.served().filter(served -> served.index() == index).isPresent();
    }

    /** Runs a build. After a build that failed there are no more, as the next would fail too; answers stay right without it. */
    void build(ItemIndex index, Runnable task) {
        long start = System.nanoTime();
        int before = index.graphs();
        try {
            task.run();
        } catch (RuntimeException failure) {
            isOpen = false;
            LOG.atError()
                    .addKeyValue("itemCount", index.size())
                    .setCause(failure)
                    .log("A graph of the items could not be built; no more are built until the next start");
            return;
        }
        if (index.graphs() != before) {
            lastBuildSeconds = (System.nanoTime() - start) / 1e9;
            builds.incrementAndGet();
            LOG.atInfo()
                    .addKeyValue("itemCount", index.graphItems())
                    .addKeyValue("changed", index.changedItems())
                    .addKeyValue("seconds", Math.round(lastBuildSeconds * 1e3) / 1e3)
                    .log("A graph of the items answers from now on");
        }
    }

    /** The recall of the graphs. */
    public GraphRecall recall() {
        return recall;
    }

    /** Number of graphs finished. */
    public long builds() {
        return builds.get();
    }

    /** Duration of the latest build; NaN before the first. */
    public double lastBuildSeconds() {
        return lastBuildSeconds;
    }

    /** Abandons the build under way, and ends the measuring. */
    @Override
    public void close() {
        isOpen = false;
        if (!builder.isShutdown()) {
            builder.execute(pool::shutdown); // after the build under way, which needs the pool to its end
            builder.shutdown();
        }
        recall.close();
    }
}
