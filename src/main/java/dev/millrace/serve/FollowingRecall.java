package dev.millrace.serve;

import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EmbeddingRecords;
import dev.millrace.wire.GenerationRecords;
import dev.millrace.wire.ModelUpdate;
import dev.millrace.wire.ModelUpdateRecords;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UserFeatureRecords;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link ServedState} up to date from the topics, from their beginnings and then for ever.
 *
 * <p>A thread follows each topic, one more watches them. What became of the generations is read first, so that those which will
 * never answer are not built.
 */
public final class FollowingRecall implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FollowingRecall.class);
    private static final Duration WATCH = Duration.ofMillis(100);
    private static final Duration TELL = Duration.ofSeconds(5);

    private final ServedState state;
    private final ClientSettings clients;
    private final TopicNames topics;
    private final GenerationRecords generations;
    private final EmbeddingRecords embeddings;
    private final ModelUpdateRecords modelUpdates;
    private final UserFeatureRecords users;
    private final Map<FollowedTopic, TopicFollower> followers = new ConcurrentHashMap<>();
    private final Set<FollowedTopic> reported = EnumSet.noneOf(FollowedTopic.class);
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "watch-followers");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Long> lastSteps =
            new HashMap<>(); // by generation; of the thread that follows the model updates
    private long updatesSeen;
    private long updatesShown;
    private long toldAtNanos = System.nanoTime();

    private FollowingRecall(ClientSettings clients, TopicNames topics, AvroWire wire, ServedState state) {
        this.clients = clients;
        this.topics = topics;
        this.state = state;
        this.generations = new GenerationRecords(wire);
        this.embeddings = new EmbeddingRecords(wire);
        this.modelUpdates = new ModelUpdateRecords(wire);
        this.users = new UserFeatureRecords(wire);
    }

    /** Begins to follow; {@link ServedState} tells when it has caught up, or that a topic failed. */
    public static FollowingRecall start(ClientSettings clients, TopicNames topics, AvroWire wire, ServedState state) {
        FollowingRecall recall = new FollowingRecall(clients, topics, wire, state);
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
        followers.put(
                FollowedTopic.GENERATIONS, TopicFollower.start(clients, topics.generations(), this::takeGeneration));
        followers.put(FollowedTopic.USER_FEATURES, TopicFollower.start(clients, topics.userFeatures(), this::takeUser));
        var unused = watch.scheduleWithFixedDelay(this::look, 0, WATCH.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void followVectors() {
        followers.put(
                FollowedTopic.ITEM_EMBEDDINGS,
                TopicFollower.start(clients, topics.itemEmbeddings(), this::takeEmbedding));
        followers.put(
                FollowedTopic.MODEL_UPDATES,
                TopicFollower.start(clients, topics.modelUpdates(), this::takeModelUpdate));
    }

    private void takeGeneration(TopicRecord record) {
        generations.decode(record).ifPresent(state::generation);
    }

    private void takeEmbedding(TopicRecord record) {
        ItemEmbedding embedding = embeddings.decode(record);
        state.embedding(embedding, record.timestamp(), record.partition());
    }

    /** Entries of one step are one commit of a learner's: its first of another step says that they have all come. */
    private void takeModelUpdate(TopicRecord record) {
        ModelUpdate update = modelUpdates.decode(record);
        if (update.step() != 0) {
            Long last = lastSteps.put(update.generation(), update.step());
            if (last != null && last != update.step()) {
                state.endOfModelUpdates(update.generation());
            }
        }
        state.modelUpdate(update.generation(), update.key(), update.entry());
    }

    private void takeUser(TopicRecord record) {
        users.decode(record).ifPresentOrElse(state::userFeatures, () -> state.userRemoved(users.user(record)));
    }

    private void look() {
        try {
            lookAtAll();
        } catch (RuntimeException failed) { // which would end all looking without a word
            LOG.error("Topics cannot be followed", failed);
            for (FollowedTopic source : FollowedTopic.values()) {
                state.failed(source);
            }
        }
    }

    private void lookAtAll() {
        showQuietUpdates();
        tellProgress();
        followers.forEach((source, follower) -> {
            if (follower.isCaughtUp() && reported.add(source)) {
                state.caughtUp(source, follower.partitions());
                follower.progress().ifPresent(all -> LOG.info(line(source, all)));
                if (source == FollowedTopic.GENERATIONS) {
                    followVectors();
                }
            }
            if (follower.failure().isPresent()) {
                state.failed(source);
            }
        });
        state.refreshGraph();
    }

    /** Tells the state at every look, and the log every few seconds, how much of the topics is left. */
    private void tellProgress() {
        boolean isTold = System.nanoTime() - toldAtNanos >= TELL.toNanos();
        followers.forEach((source, follower) -> follower.progress().ifPresent(progress -> {
            state.read(source, new Readiness.Records(progress.read(), progress.end()));
            if (isTold && !reported.contains(source)) {
                LOG.info(line(source, progress));
            }
        }));
        if (isTold) {
            toldAtNanos = System.nanoTime();
        }
    }

    private static String line(FollowedTopic source, TopicFollower.Progress progress) {
        return String.format(Locale.ROOT, "%s: %,d of %,d records", source.text(), progress.read(), progress.end());
    }

    /** The last commit before a pause has no next step to show it. */
    private void showQuietUpdates() {
        long updates = state.modelUpdates();
        if (updates == updatesSeen && updates != updatesShown) {
            state.endOfModelUpdates();
            updatesShown = updates;
        }
        updatesSeen = updates;
    }
}
