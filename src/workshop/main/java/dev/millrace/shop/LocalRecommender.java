package dev.millrace.shop;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.evaluate.EventFeed;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.Arrangement;
import dev.millrace.index.Exploration;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.LocalGeneration;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.serve.ServeSettings;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Attributes, learns and answers in this process, by the classes of trainer and server.
 *
 * <p>It learns full batches, and publishes after each. Until it has learnt {@value #CLICKS_BEFORE} clicks, it answers nothing: nobody serves a model that knows
 * nothing. It draws explored answers by a seed, so that the same settings give the same answers.
 */
final class LocalRecommender implements Recommender, Attribution.Output {

    /** The settings of its parts. */
    record Settings(AttributionSettings attribution, TrainerSettings trainer, ServeSettings serve) {

        static Settings read(SettingsReader reader) {
            return new Settings(
                    AttributionSettings.read(reader), TrainerSettings.read(reader), ServeSettings.read(reader));
        }
    }

    static final int CLICKS_BEFORE = 5_000;

    private final ServeSettings serve;
    private final Map<String, UserFeatures> users = new HashMap<>();
    private final RecallEngine recall = new RecallEngine(user -> Optional.ofNullable(users.get(user)));
    private final Trainer trainer;
    private final EventFeed feed;
    private final LocalGeneration generation;
    private final SplittableRandom random;
    private long clock; // of the events, epoch milliseconds

    LocalRecommender(Settings settings, long seed) {
        serve = settings.serve();
        trainer = new Trainer(settings.trainer());
        feed = new EventFeed(new Attribution(settings.attribution(), new MemoryEntries(), this), trainer);
        generation = new LocalGeneration(settings.trainer(), trainer);
        recall.serve(generation.pair());
        random = new SplittableRandom(seed);
    }

    @Override
    public void take(ReplayEvent sent) {
        clock = Math.max(clock, sent.time());
        sent.accept(feed);
        learn();
    }

    @Override
    public void example(TrainingExample example) {
        trainer.add(example);
        learn();
    }

    @Override
    public void userFeatures(UserFeatures user) {
        users.put(user.user(), user);
    }

    @Override
    public void userRemoved(String user) {
        users.remove(user);
        trainer.removeUser(user);
    }

    private void learn() {
        while (trainer.isBatchReady()) {
            trainer.replay(trainer.closeBatch());
            generation.follow(clock);
        }
    }

    /** The best items by the server's defaults. */
    @Override
    public List<String> answer(String user, Features context, Supplier<Set<String>> absent, int k) {
        if (trainer.positives() < CLICKS_BEFORE) {
            return List.of();
        }
        RecallRequest request = new RecallRequest(
                user,
                k,
                !generation.pair().encoder().isHistoryAnswered(),
                absent.get(),
                ItemFilter.NONE,
                context,
                new RecallRequest.Weights(serve.weights(), Map.of()),
                Optional.empty(),
                Optional.empty(),
                0,
                new Arrangement(List.of(), Map.of(), OptionalDouble.empty(), Map.of(), exploration(k)));
        return recall.recall(request)
                .when(found -> found.items().stream().map(ScoredItem::item).toList(), refusal -> List.of());
    }

    private Optional<Exploration> exploration(int k) {
        ServeSettings.Exploring set = serve.exploring();
        if (set.temperature() == 0) {
            return Optional.empty();
        }
        byte[] seed = new byte[Exploration.SEED_BYTES];
        random.nextBytes(seed);
        return Optional.of(new Exploration(
                set.temperature(),
                set.best(),
                Math.min(set.slots(), k / 2),
                HexFormat.of().formatHex(seed)));
    }

    @Override
    public void close() {
        trainer.close();
    }
}
