package dev.millrace.page;

import dev.millrace.follow.ServedState;
import dev.millrace.index.VectorAges;
import dev.millrace.topic.Cluster;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page of a server: its figures now and over the last half hour, and what a visitor may do. Safe for threads.
 *
 * <p>One thread takes the figures once a second and tells the listener. A page that is opened late is given the seconds before.
 */
public final class LivePage implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LivePage.class);
    private static final int KEPT_SAMPLES = 900;
    private static final int TICKS_A_SAMPLE = 2;
    private static final int TICKS_AN_AGE = 5; // which reads every row of the index

    private final LiveSources sources;
    private final TopicEnds topicEnds;
    private final LatestLetters letters;
    private final Optional<ClickSender> clicks;
    private final InstantSource clock;
    private final Series series = new Series(KEPT_SAMPLES);
    private final ItemMap map;
    private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "page");
        thread.setDaemon(true);
        return thread;
    });
    private volatile Consumer<Supplier<Map<String, Object>>> listener = state -> {};
    private Optional<TopicEnds.Ends> ends = Optional.empty(); // this and the next are of the ticking thread
    private VectorAges ages = VectorAges.NONE;
    private long ticked;

    /**
     * @param cluster whose topics are asked for what nothing that is followed tells
     * @param clicks absent where there is no producer
     */
    public LivePage(LiveSources sources, Cluster cluster, Optional<ClickSender> clicks, InstantSource clock) {
        this.sources = sources;
        this.topicEnds = new TopicEnds(cluster.clients(), cluster.topics());
        this.letters = new LatestLetters(cluster.clients(), cluster.topics().deadLetters(), clock);
        this.clicks = clicks;
        this.clock = clock;
        this.map = new ItemMap(sources.state().engine(), clock);
    }

    /** Begins to take figures. */
    public LivePage start() {
        var unused = ticks.scheduleWithFixedDelay(this::tickGuarded, 0, 1, TimeUnit.SECONDS);
        return this;
    }

    /** @param listener offered the state of each second, by the page's own thread, to take before it returns; it must not wait */
    public void listenTo(Consumer<Supplier<Map<String, Object>>> listener) {
        this.listener = listener;
    }

    /** The figures of the charts over the last half hour: columns of equal length, by name, oldest first. */
    public Map<String, List<? extends Number>> series() {
        return series.columns();
    }

    public ItemMap map() {
        return map;
    }

    public LatestLetters letters() {
        return letters;
    }

    public ServedState state() {
        return sources.state();
    }

    /** Sends a visitor's clicks; absent where there is no producer. */
    public Optional<ClickSender> clicks() {
        return clicks;
    }

    @Override
    public void close() {
        ticks.shutdown();
        try {
            if (ticks.awaitTermination(1, TimeUnit.MINUTES)) {
                topicEnds.close();
            }
            letters.close();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void tickGuarded() {
        try {
            tick();
        } catch (RuntimeException failed) { // the executor would end the task silently
            LOG.error("Skipped the page's figures for this second", failed);
        }
    }

    private void tick() {
        if (ticked % TICKS_AN_AGE == 0) {
            ages = Snapshot.agesOf(sources);
        }
        if (ticked % TICKS_A_SAMPLE == 0) {
            ends = topicEnds.now(sources.progress().parts().values(), clock.millis());
        }
        Snapshot snapshot = new Snapshot(sources, clock.millis(), Snapshot.learnerOf(sources), ends, ages);
        if (ticked % TICKS_A_SAMPLE == 0) {
            series.add(new Series.Sample(snapshot.at(), snapshot.figures()));
        }
        ticked++;
        listener.accept(() -> members(snapshot));
    }

    private Map<String, Object> members(Snapshot snapshot) {
        Map<String, Object> members = snapshot.members();
        members.put("actions", clicks.map(ClickSender::actions).orElse(List.of()));
        return members;
    }
}
