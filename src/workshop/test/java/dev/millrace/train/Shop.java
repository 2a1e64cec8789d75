package dev.millrace.train;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.evaluate.EventFeed;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.OrderedEntries;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A generated shop, and what learns from its events: attribution, batches, exams and steps as in the stream. What it is at one moment can be kept, and
 * any number of shops go on from there. One thread.
 */
public final class Shop implements AutoCloseable {

    private static final int ASKED = 200;
    private static final int TOP = 10;

    private final Trainer trainer;
    private final Attribution attribution;
    private final SortedMap<String, UserFeatures> users = new TreeMap<>();
    private final EventFeed feed;
    private long time;

    /**
     * What a shop is.
     *
     * @param entries of the attribution's store
     * @param attribution what it drained
     * @param trainer what that drained
     * @param time latest event time
     */
    public record Kept(
            Map<byte[], byte[]> entries,
            Map<byte[], byte[]> attribution,
            Map<byte[], byte[]> trainer,
            SortedMap<String, UserFeatures> users,
            long time) {}

    /**
     * Where an item stands for others.
     *
     * @param medianRank from 1
     * @param topShare share of the users who have it among their first ten
     * @param reach mean of 10 / rank, each at most 1
     */
    public record Standing(double medianRank, double topShare, double reach) {}

    /** @param witness told what the attribution puts out, too */
    public Shop(MillraceSettings settings, OrderedEntries entries, Attribution.Output witness) {
        trainer = new Trainer(settings.trainer());
        attribution = new Attribution(settings.attribution(), entries, new Told(witness));
        feed = new EventFeed(attribution, trainer);
    }

    /** A shop of which nobody else is told. */
    public Shop(MillraceSettings settings) {
        this(settings, new MemoryEntries(), new Silent());
    }

    /** Returns the settings of the generated shop. */
    public static MillraceSettings settings(Map<String, String> set) {
        return MillraceSettings.load(List.of(Path.of("config/shop.properties")), Map.of(), Map.of(), set);
    }

    /** Returns the shop's events, without end. */
    public static Stream<ReplayEvent> events() {
        return new ShopGenerator(ShopSettings.read(new SettingsReader(Map.of()))).events(bad -> {});
    }

    /** Goes on from what was kept. The shop is new, and its store empty. */
    public void restore(Kept kept, OrderedEntries entries) {
        kept.entries.forEach(entries::put);
        kept.attribution.forEach(attribution::restore);
        kept.trainer.forEach(trainer::restore);
        users.putAll(kept.users);
        time = kept.time;
    }

    /** Returns what the shop is, with all published. Of the attribution, nothing was committed before. */
    public Kept kept(OrderedEntries entries) {
        Map<byte[], byte[]> ofTrainer = sorted();
        Map<byte[], byte[]> ofAttribution = sorted();
        Map<byte[], byte[]> ofEntries = sorted();
        trainer.publish();
        trainer.drainDirty(EntrySink.into(ofTrainer));
        attribution.drainDirty(EntrySink.into(ofAttribution));
        entries.scan(new byte[0], (key, value) -> {
            ofEntries.put(key, value);
            return true;
        });
        return new Kept(ofEntries, ofAttribution, ofTrainer, new TreeMap<>(users), time);
    }

    private static Map<byte[], byte[]> sorted() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    /** Takes an event. If it fills a batch, the batch is learnt; returns the outcome of that. */
    public Optional<StepOutcome> take(ReplayEvent event) {
        time = event.isInteraction() ? Math.max(time, event.time()) : time;
        event.accept(feed);
        return trainer.isBatchReady() ? Optional.of(finish()) : Optional.empty();
    }

    /** Learns what was taken since the last batch. */
    public StepOutcome finish() {
        return trainer.learn(trainer.closeBatch());
    }

    /** Writes what changed in the attribution. */
    public void commit(EntrySink sink) {
        attribution.drainDirty(sink);
    }

    /** Latest time of an exposure or click, epoch milliseconds. */
    public long time() {
        return time;
    }

    public Trainer trainer() {
        return trainer;
    }

    /** Returns the users who clicked something, in the order of their ids. */
    public List<UserFeatures> visitors() {
        return users.values().stream().filter(user -> !user.history().isEmpty()).toList();
    }

    /**
     * Returns where an item stands for the first users of whom the condition holds, by the weights that the exam ranks by.
     *
     * @param at event time of the question, epoch milliseconds
     */
    public Standing standing(String item, long at, Predicate<String> isAsking) {
        List<TrainingExample> asking = visitors().stream()
                .filter(user -> isAsking.test(user.user()))
                .limit(ASKED)
                .map(user -> new TrainingExample("", user, Features.NONE, item, "click", 1, at, 0))
                .toList();
        List<Double> ranks = new ArrayList<>();
        trainer.rank(asking, (example, byModel, byPopularity) -> ranks.add(byModel.get(0)));
        ranks.sort(null);
        long top = ranks.stream().filter(rank -> rank <= TOP).count();
        double reach =
                ranks.stream().mapToDouble(rank -> Math.min(1, TOP / rank)).sum();
        return new Standing(ranks.get(ranks.size() / 2), (double) top / ranks.size(), reach / ranks.size());
    }

    @Override
    public void close() {
        trainer.close();
    }

    /** What the attribution puts out goes to the trainer. */
    private final class Told implements Attribution.Output {

        private final Attribution.Output witness;

        Told(Attribution.Output witness) {
            this.witness = witness;
        }

        @Override
        public void example(TrainingExample example) {
            trainer.add(example);
            witness.example(example);
        }

        @Override
        public void userFeatures(UserFeatures user) {
            users.put(user.user(), user);
            witness.userFeatures(user);
        }

        @Override
        public void userRemoved(String user) {
            users.remove(user);
            witness.userRemoved(user);
        }
    }

    private static final class Silent implements Attribution.Output {

        @Override
        public void example(TrainingExample example) {}

        @Override
        public void userFeatures(UserFeatures user) {}

        @Override
        public void userRemoved(String user) {}
    }
}
