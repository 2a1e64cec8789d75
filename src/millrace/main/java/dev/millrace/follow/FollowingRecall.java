package dev.millrace.follow;

import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.state.Utf8;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the topics from their beginnings and keeps a {@link ServedState} up to date.
 *
 * <p>Each topic has a thread, and one more watches them. The topics of vectors, model updates and neighbours are followed once that of
 * generations has been read, so that generations which will never answer are not built.
 */
public final class FollowingRecall implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FollowingRecall.class);
    private static final Duration WATCH = Duration.ofMillis(100);
    private static final Duration REPORT_EVERY = Duration.ofSeconds(5);

    private final ServedState state;
    private final ClientSettings clients;
    private final TopicNames topics;
    private final AvroWire wire;
    private final Optional<LogStanding> standing;
    private final Map<FollowedTopic, TopicFollower> followers = new ConcurrentHashMap<>();
    private final Set<FollowedTopic> caughtUp = EnumSet.noneOf(FollowedTopic.class);
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "watch-followers");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Long> lastSteps =
            new HashMap<>(); // by generation; its lock is held while model updates are taken or become visible
    private long updatesSeen;
    private long updatesRefreshed;
    private long reportedAtNanos = System.nanoTime();

    private FollowingRecall(
            ClientSettings clients,
            TopicNames topics,
            AvroWire wire,
            ServedState state,
            Optional<LogStanding> standing) {
        this.clients = clients;
        this.topics = topics;
        this.state = state;
        this.wire = wire;
        this.standing = standing;
    }

    /** Begins to follow. {@link ServedState} tells when it has caught up, or that a topic has failed. */
    public static FollowingRecall start(ClientSettings clients, TopicNames topics, AvroWire wire, ServedState state) {
        return start(clients, topics, wire, state, Optional.empty());
    }

    /**
     * As {@link #start(ClientSettings, TopicNames, AvroWire, ServedState)}.
     *
     * @param standing is told of all that answers depend on
     */
    public static FollowingRecall start(
            ClientSettings clients,
            TopicNames topics,
            AvroWire wire,
            ServedState state,
            Optional<LogStanding> standing) {
        FollowingRecall recall = new FollowingRecall(clients, topics, wire, state, standing);
        recall.follow();
        return recall;
    }

    /** Why a topic can no longer be followed; absent while all are. */
    public Optional<Throwable> failure() {
        return followers.values().stream()
                .flatMap(follower -> follower.failure().stream())
                .findFirst();
    }

    @Override
    public void close() {
        watch.shutdown();
        followers.values().forEach(TopicFollower::close);
    }

    private void follow() {
        follow(FollowedTopic.GENERATIONS, topics.generations(), this::takeGeneration);
        follow(FollowedTopic.USER_FEATURES, topics.userFeatures(), this::takeUser);
        var unused = watch.scheduleWithFixedDelay(this::watchGuarded, 0, WATCH.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void followVectors() {
        follow(
                FollowedTopic.ITEM_EMBEDDINGS,
                topics.itemEmbeddings(),
                told(FollowedTopic.ITEM_EMBEDDINGS, this::takeEmbedding));
        Consumer<TopicRecord> updates = told(FollowedTopic.MODEL_UPDATES, this::takeModelUpdate);
        follow(FollowedTopic.MODEL_UPDATES, topics.modelUpdates(), record -> {
            synchronized (lastSteps) {
                updates.accept(record);
            }
        });
        follow(
                FollowedTopic.ITEM_NEIGHBOURS,
                topics.itemNeighbours(),
                told(FollowedTopic.ITEM_NEIGHBOURS, this::takeNeighbours));
    }

    /** Takes a record, and tells the standing of it if there is one. */
    private Consumer<TopicRecord> told(FollowedTopic source, Consumer<TopicRecord> taker) {
        return standing.<Consumer<TopicRecord>>map(told -> record -> told.change(() -> {
                    taker.accept(record);
                    told.taken(source, record);
                }))
                .orElse(taker);
    }

    private void follow(FollowedTopic source, String topic, Consumer<TopicRecord> taker) {
        followers.put(source, TopicFollower.start(clients, topic, taker));
    }

    private void takeGeneration(TopicRecord record) {
        wire.decode(Topic.GENERATIONS, record).ifPresent(state::generation);
    }

    private void takeEmbedding(TopicRecord record) {
        ItemEmbedding embedding = wire.decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow();
        state.embedding(embedding, record.timestamp(), record.partition());
    }

    /**
     * The entries of one step are one commit of a learner. The first entry of another step shows that all of them have come. A deletion
     * names no step.
     */
    private void takeModelUpdate(TopicRecord record) {
        ModelUpdate update = wire.decode(Topic.MODEL_UPDATES, record).orElseThrow();
        if (update.step() != 0) {
            Long last = lastSteps.put(update.generation(), update.step());
            if (last != null && last != update.step()) {
                state.endOfModelUpdates(update.generation());
                standing.ifPresent(told -> told.refreshed(update.generation()));
            }
        }
        state.modelUpdate(update.generation(), update.key(), update.entry());
    }

    /** Makes all model updates so far visible. With the lock, that happens between two of them. */
    private void refreshAll(Runnable refresh) {
        synchronized (lastSteps) {
            standing.ifPresentOrElse(
                    told -> told.change(() -> {
                        refresh.run();
                        told.refreshed();
                    }),
                    refresh);
        }
    }

    private void takeNeighbours(TopicRecord record) {
        Topic.ItemNeighbours of = wire.decode(Topic.ITEM_NEIGHBOURS, record).orElseThrow();
        state.neighbours(of.generation(), of.item(), of.list());
    }

    private void takeUser(TopicRecord record) {
        wire.decode(Topic.USER_FEATURES, record)
                .ifPresentOrElse(state::userFeatures, () -> state.userRemoved(Utf8.text(record.key())));
    }

    private void watchGuarded() {
        try {
            watchAll();
        } catch (RuntimeException failed) { // the executor would end the task silently
            LOG.error("Cannot follow the topics any longer; a restart is needed", failed);
            for (FollowedTopic source : FollowedTopic.values()) {
                state.failed(source);
            }
        }
    }

    private void watchAll() {
        refreshAfterPause();
        reportProgress();
        followers.forEach((source, follower) -> {
            if (follower.isCaughtUp() && caughtUp.add(source)) {
                Runnable catchUp = () -> state.caughtUp(source, follower.partitions());
                if (source == FollowedTopic.MODEL_UPDATES) {
                    refreshAll(catchUp);
                } else {
                    catchUp.run();
                }
                follower.progress().ifPresent(all -> LOG.info(line(source, all)));
                if (source == FollowedTopic.GENERATIONS) {
                    followVectors();
                }
            }
            if (follower.failure().isPresent()) {
                state.failed(source);
            }
        });
    }

    /** Tells the state, and every few seconds the log, how much of the topics has been read. */
    private void reportProgress() {
        boolean isReportDue = System.nanoTime() - reportedAtNanos >= REPORT_EVERY.toNanos();
        followers.forEach((source, follower) -> follower.progress().ifPresent(progress -> {
            state.read(source, new Readiness.Records(progress.read(), progress.end()));
            state.undecodable(source, follower.undecodable());
            if (isReportDue && !caughtUp.contains(source)) {
                LOG.info(line(source, progress));
            }
        }));
        if (isReportDue) {
            reportedAtNanos = System.nanoTime();
        }
    }

    private static String line(FollowedTopic source, TopicFollower.Progress progress) {
        return String.format(Locale.ROOT, "%s: %,d of %,d records", source.text(), progress.read(), progress.end());
    }

    /** Makes the last commit before a pause visible, because no entry of a next step comes to do so. */
    private void refreshAfterPause() {
        long updates = state.taken(FollowedTopic.MODEL_UPDATES);
        if (updates == updatesSeen && updates != updatesRefreshed) {
            refreshAll(state::endOfModelUpdates);
            updatesRefreshed = updates;
        }
        updatesSeen = updates;
    }
}
