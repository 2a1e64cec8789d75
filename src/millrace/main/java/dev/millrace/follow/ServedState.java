package dev.millrace.follow;

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
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
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
    private final TopicProgress progress = new TopicProgress();
    private final Map<Outcome, AtomicLong> outcomes = new EnumMap<>(Outcome.class);
    private final AtomicLong generationFacts = new AtomicLong();
    private final AtomicLong modelUpdates = new AtomicLong();
    private final AtomicLong rejectedModelUpdates = new AtomicLong();
    private final AtomicLong neighbourUpdates = new AtomicLong();
    private final AtomicLong userUpdates = new AtomicLong();
    private volatile FreshnessListener freshnessListener = millis -> {};

    /** Is told of every vector that is the first to have learnt from some clicks, once a vector. */
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
        for (Outcome outcome : Outcome.values()) {
            outcomes.put(outcome, new AtomicLong());
        }
    }

    /** Takes what became of a generation. */
    public void generation(GenerationFact fact) {
        generationFacts.incrementAndGet();
        generations.take(fact);
        if (fact.kind() == GenerationFact.Kind.STARTED) {
            try {
                encoders.describe(fact.generation(), fact.settings());
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
        Outcome outcome = generations.take(embedding, publishedAt, partition);
        if (embedding.isMark()) {
            choose();
            return;
        }
        count(outcome);
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
        modelUpdates.incrementAndGet();
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
        neighbourUpdates.incrementAndGet();
        if (!generations.isDropped(generation)) {
            encoders.neighbours(generation, item, list);
        }
    }

    public void userFeatures(UserFeatures user) {
        users.put(user);
        recentUsers.saw(user.user());
        userUpdates.incrementAndGet();
    }

    public void userRemoved(String user) {
        users.remove(user);
        recentUsers.remove(user);
        userUpdates.incrementAndGet();
    }

    /** What is known of a user now. */
    public Optional<UserFeatures> user(String user) {
        return users.latest(user);
    }

    /** Some users whose features came last, the latest first. */
    public List<String> recentUsers() {
        return recentUsers.latestFirst();
    }

    /** As {@link TopicProgress#read}. */
    public void read(FollowedTopic topic, Readiness.Records read) {
        progress.read(topic, read);
    }

    /** As {@link TopicProgress#undecodable(FollowedTopic, long)}. */
    void undecodable(FollowedTopic topic, long count) {
        progress.undecodable(topic, count);
    }

    /** Records of a topic that were left out, because they could not be decoded. */
    public long undecodable(FollowedTopic topic) {
        return progress.undecodable(topic);
    }

    /**
     * Everything that was in a topic at start has been read.
     *
     * @param partitions of the topic
     */
    public void caughtUp(FollowedTopic topic, int partitions) {
        progress.caughtUp(topic, partitions);
        if (topic == FollowedTopic.GENERATIONS) {
            generations.historyRead();
        }
        if (progress.isCaughtUp()) {
            progress.partitions(FollowedTopic.ITEM_EMBEDDINGS).ifPresent(generations::caughtUp);
        }
        if (topic == FollowedTopic.MODEL_UPDATES) {
            encoders.refreshAll();
        }
        choose();
    }

    /** A topic is no longer followed: from now on answers become stale. */
    public void failed(FollowedTopic topic) {
        progress.failed(topic);
    }

    /** Returns true once everything that was in the topics at start has been read. */
    public boolean isCaughtUp() {
        return progress.isCaughtUp();
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
        boolean hasFailed = progress.hasFailed();
        return new Readiness(
                progress.isCaughtUp() && !hasFailed && served.isPresent(),
                !hasFailed,
                progress.topics(),
                progress.records(),
                served.map(ServedGeneration::generation),
                generations.promoted(),
                generations.statuses(),
                served.map(ServedGeneration::index).map(ItemIndex::size).orElse(0),
                served.map(ServedGeneration::index).map(ItemIndex::newestStep).orElse(0L));
    }

    /** The generation that a roll-back goes to; absent if there is none. */
    public Optional<String> answeredBefore() {
        return generations.answeredBefore();
    }

    public long embeddings(Outcome outcome) {
        return counter(outcome).get();
    }

    public long generationFacts() {
        return generationFacts.get();
    }

    public long modelUpdates() {
        return modelUpdates.get();
    }

    public long rejectedModelUpdates() {
        return rejectedModelUpdates.get();
    }

    public long neighbourUpdates() {
        return neighbourUpdates.get();
    }

    public long userUpdates() {
        return userUpdates.get();
    }

    public void listenTo(FreshnessListener listener) {
        freshnessListener = listener;
    }

    private void choose() {
        if (generations.choose()) {
            LOG.atInfo()
                    .addKeyValue(
                            "generation",
                            engine.served().map(ServedGeneration::generation).orElse(""))
                    .log("Another generation answers from now on");
        }
        generations.takeDropped().forEach(encoders::drop);
    }

    private void count(Outcome outcome) {
        counter(outcome).incrementAndGet();
    }

    private AtomicLong counter(Outcome outcome) {
        return Optional.ofNullable(outcomes.get(outcome)).orElseThrow();
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
