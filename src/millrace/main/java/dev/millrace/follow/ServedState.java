package dev.millrace.follow;

import dev.millrace.experiment.Experiment;
import dev.millrace.feature.UserFeatures;
import dev.millrace.generation.GenerationFact;
import dev.millrace.index.ItemIndex;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.recall.Generations;
import dev.millrace.recall.Generations.Outcome;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.ServedGeneration;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.CorruptEntryException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that answers are made from. It takes decoded records and keeps itself up to date.
 *
 * <p>Safe for threads: each part guards its own state. Each topic may be followed by a thread of its own.
 */
public final class ServedState {

    private static final Logger LOG = LoggerFactory.getLogger(ServedState.class);

    private final UserStates users;
    private final RecentUsers recentUsers = new RecentUsers();
    private final RecallEngine engine;
    private final EncoderFeed encoders;
    private final Generations generations;
    private final Freshness freshness = new Freshness();
    private final InstantSource clock;
    private final Map<FollowedTopic, Followed> topics = new ConcurrentHashMap<>();
    private final Map<Outcome, AtomicLong> outcomes = new ConcurrentHashMap<>();
    private final AtomicLong rejectedModelUpdates = new AtomicLong();
    private volatile FreshnessListener freshnessListener = millis -> {};

    /** How far a topic has been read. */
    private static final class Followed {
        final AtomicLong taken = new AtomicLong();
        volatile OptionalInt partitions = OptionalInt.empty(); // once it has caught up
        volatile boolean hasFailed;
        volatile Optional<Readiness.Records> records = Optional.empty();
        volatile long undecodable;
    }

    /** Is told, once a vector, of each that is the first to have learnt from some clicks. */
    public interface FreshnessListener {
        void visibleAfter(long millis);
    }

    /** @param keptBefore generations that are kept of those promoted before the one that answers */
    public ServedState(DiskEntries entries, EncoderFeed encoders, int keptBefore, InstantSource clock) {
        this.users = new UserStates(entries);
        this.engine = new RecallEngine(users);
        this.encoders = encoders;
        this.generations = new Generations(engine, encoders::of, keptBefore);
        this.clock = clock;
    }

    /** Takes what became of a generation. */
    public void generation(GenerationFact fact) {
        take(FollowedTopic.GENERATIONS);
        generations.take(fact);
        if (fact.kind() == GenerationFact.Kind.STARTED) {
            try {
                rejectedModelUpdates.addAndGet(encoders.describe(fact.generation(), fact.settings()));
            } catch (InvalidSettingsException unknown) {
                LOG.warn("Generation {} cannot be served by this version: {}", fact.generation(), unknown.getMessage());
            }
        }
        choose();
    }

    /**
     * Takes a vector of an item, or the mark of a generation.
     *
     * @param publishedAt time of the record, epoch milliseconds
     * @param partition in which it came
     */
    public void embedding(ItemEmbedding embedding, long publishedAt, int partition) {
        take(FollowedTopic.ITEM_EMBEDDINGS);
        Outcome outcome = generations.take(embedding, publishedAt, partition);
        if (embedding.isMark()) {
            choose();
            return;
        }
        count(outcome).incrementAndGet();
        if (outcome == Outcome.VISIBLE && embedding.producedAt() > 0) {
            long now = clock.millis();
            freshness.seen(embedding.producedAt(), now);
            freshnessListener.visibleAfter(Math.max(0, now - embedding.producedAt()));
        }
    }

    /**
     * Takes one entry of the query side. Requests use it after {@link #endOfModelUpdates}.
     *
     * @param value absent if the entry is deleted
     */
    public void modelUpdate(String generation, byte[] key, Optional<byte[]> value) {
        take(FollowedTopic.MODEL_UPDATES);
        if (generations.isDropped(generation)) {
            return;
        }
        try {
            value.ifPresentOrElse(
                    present -> encoders.update(generation, key, present), () -> encoders.remove(generation, key));
        } catch (CorruptEntryException unusable) {
            rejectedModelUpdates.incrementAndGet();
            LOG.warn("A model update of generation {} cannot be used: {}", generation, unusable.getMessage());
        }
    }

    /** All model updates of one commit of a generation's learner have been given. */
    public void endOfModelUpdates(String generation) {
        encoders.refresh(generation);
        choose();
    }

    /** No model updates have come for a while, so all of the last commits have been given. */
    public void endOfModelUpdates() {
        encoders.refreshAll();
        choose();
    }

    /**
     * Takes an item's list of neighbours.
     *
     * @param list absent if the item has none any more
     */
    public void neighbours(String generation, String item, Optional<NeighbourList> list) {
        take(FollowedTopic.ITEM_NEIGHBOURS);
        if (!generations.isDropped(generation)) {
            encoders.neighbours(generation, item, list);
        }
    }

    public void userFeatures(UserFeatures user) {
        users.put(user);
        recentUsers.saw(user.user());
        take(FollowedTopic.USER_FEATURES);
    }

    public void userRemoved(String user) {
        users.remove(user);
        recentUsers.remove(user);
        take(FollowedTopic.USER_FEATURES);
    }

    /** What is known of a user now. */
    public Optional<UserFeatures> user(String user) {
        return users.latest(user);
    }

    /** Some users whose features came last, the latest first. */
    public List<String> recentUsers() {
        return recentUsers.latestFirst();
    }

    /** Takes how much has been read of what was in a topic at start. */
    public void read(FollowedTopic topic, Readiness.Records read) {
        of(topic).records = Optional.of(read);
    }

    /** Takes how many records of a topic were left out. */
    void undecodable(FollowedTopic topic, long count) {
        of(topic).undecodable = count;
    }

    /** Records of a topic that were left out, because they could not be decoded. */
    public long undecodable(FollowedTopic topic) {
        return of(topic).undecodable;
    }

    /**
     * Everything that was in a topic at start has been read.
     *
     * @param partitions of the topic
     */
    public void caughtUp(FollowedTopic topic, int partitions) {
        of(topic).partitions = OptionalInt.of(partitions);
        if (topic == FollowedTopic.GENERATIONS) {
            generations.historyRead();
        }
        if (isCaughtUp()) {
            of(FollowedTopic.ITEM_EMBEDDINGS).partitions.ifPresent(generations::caughtUp);
        }
        if (topic == FollowedTopic.MODEL_UPDATES) {
            encoders.refreshAll();
        }
        choose();
    }

    /** A topic is no longer followed: from now on answers become stale. */
    public void failed(FollowedTopic topic) {
        of(topic).hasFailed = true;
    }

    /** Returns true once everything that was in the topics at start has been read. */
    public boolean isCaughtUp() {
        return Stream.of(FollowedTopic.values())
                .allMatch(topic -> of(topic).partitions.isPresent());
    }

    private Followed of(FollowedTopic topic) {
        return topics.computeIfAbsent(topic, name -> new Followed());
    }

    private void take(FollowedTopic topic) {
        of(topic).taken.incrementAndGet();
    }

    /** Records of a topic taken so far. */
    public long taken(FollowedTopic topic) {
        return of(topic).taken.get();
    }

    public RecallEngine engine() {
        return engine;
    }

    public Freshness freshness() {
        return freshness;
    }

    /** Items of the index that answers; 0 if none does. */
    public int servedItems() {
        return engine.served().map(served -> served.index().size()).orElse(0);
    }

    /** Whether requests are answered, and what is missing if not. */
    public Readiness readiness() {
        Optional<ServedGeneration> served = engine.served();
        boolean hasFailed = topics.values().stream().anyMatch(topic -> topic.hasFailed);
        Map<FollowedTopic, Readiness.Progress> progress = new EnumMap<>(FollowedTopic.class);
        Map<FollowedTopic, Readiness.Records> records = new EnumMap<>(FollowedTopic.class);
        for (FollowedTopic topic : FollowedTopic.values()) {
            Followed of = of(topic);
            progress.put(
                    topic,
                    of.hasFailed
                            ? Readiness.Progress.FAILED
                            : of.partitions.isPresent() ? Readiness.Progress.CAUGHT_UP : Readiness.Progress.READING);
            of.records.ifPresent(read -> records.put(topic, read));
        }
        return new Readiness(
                isCaughtUp() && !hasFailed && served.isPresent(),
                !hasFailed,
                progress,
                records,
                served.map(ServedGeneration::generation),
                generations.promoted(),
                generations.statuses(),
                servedItems(),
                served.map(ServedGeneration::index).map(ItemIndex::newestStep).orElse(0L));
    }

    /** What to know before a generation answers; absent if there is nothing. */
    public Optional<String> caution(String generation) {
        return generations.caution(generation);
    }

    /** The latest experiment, whether it runs or not; absent before any. */
    public Optional<Experiment> latestExperiment() {
        return generations.latestExperiment();
    }

    /** The generation that a roll-back goes to; absent if there is none. */
    public Optional<String> answeredBefore() {
        return generations.answeredBefore();
    }

    public long embeddings(Outcome outcome) {
        return count(outcome).get();
    }

    private AtomicLong count(Outcome outcome) {
        return outcomes.computeIfAbsent(outcome, name -> new AtomicLong());
    }

    public long rejectedModelUpdates() {
        return rejectedModelUpdates.get();
    }

    public void listenTo(FreshnessListener listener) {
        freshnessListener = listener;
    }

    /** Lets the generation answer that is promoted and complete, and drops those that are no longer kept. */
    private void choose() {
        if (generations.choose()) {
            LOG.atInfo()
                    .addKeyValue(
                            "generation",
                            engine.served().map(ServedGeneration::generation).orElse(""))
                    .log("Switched to another generation");
        }
        generations.takeDropped().forEach(encoders::drop);
    }

    /** The few users whose features came last. Safe for threads. */
    static final class RecentUsers {

        private static final int KEPT = 12;

        private final Set<String> users = new LinkedHashSet<>();

        synchronized void saw(String user) {
            users.remove(user);
            if (users.size() == KEPT) {
                users.remove(users.iterator().next());
            }
            users.add(user);
        }

        synchronized void remove(String user) {
            users.remove(user);
        }

        synchronized List<String> latestFirst() {
            List<String> latest = new ArrayList<>(users);
            Collections.reverse(latest);
            return latest;
        }
    }
}
