package dev.millrace.recall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ScoredItem;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LocalGenerationTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final UserFeatures ANN = new UserFeatures("ann", TIME, Features.NONE, List.of("i1", "i2"));

    private final TrainerSettings settings = TrainerSettings.read(new SettingsReader(Map.of(
            "batch.size", "4",
            "batch.negatives", "8",
            "tower.dim", "8",
            "tower.user.hidden", "8",
            "tower.item.hidden", "8",
            "features.user", "user,history,history.colour",
            "features.item", "item,colour",
            "features.item.colour.kind", "category")));
    private final Trainer trainer = new Trainer(settings);
    private final Map<String, UserFeatures> users = new HashMap<>(Map.of("ann", ANN));
    private final Map<byte[], byte[]> state = new TreeMap<>(Arrays::compareUnsigned);

    private RecallEngine serving(LocalGeneration generation) {
        RecallEngine engine = new RecallEngine(user -> Optional.ofNullable(users.get(user)));
        engine.serve(generation.pair());
        return engine;
    }

    @Test
    void nothingIsAnsweredBeforeItFollows() {
        RecallEngine engine = serving(new LocalGeneration(settings, trainer));

        assertThat(engine.recall(RecallRequest.unseen("ann", 3))).isEqualTo(Answer.Refusal.NOT_READY);
    }

    @Test
    void vectorsOfItemsAndUsersAreTheTrainersOwn() {
        LocalGeneration generation = new LocalGeneration(settings, trainer);
        RecallEngine engine = serving(generation);
        for (int step = 1; step <= 3; step++) {
            learn(trainer, "step" + step, 1);
            generation.follow(step);
        }

        Answer.Found found = found(engine);

        assertThat(found.query())
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly(vector()); // other kernels, other rounding
        float[] vectors = new float[trainer.items().size() * trainer.dim()];
        trainer.vectors(trainer.items(), vectors);
        // an item that no step touched keeps the vector of an earlier step; i0 was in the last one
        int at = trainer.items().indexOf("i0") * trainer.dim();
        assertThat(generation.pair().index().vector("i0"))
                .get()
                .isEqualTo(Arrays.copyOfRange(vectors, at, at + trainer.dim()));
        assertThat(generation.pair().index().size()).isEqualTo(trainer.items().size());
        assertThat(found.items()).extracting(ScoredItem::item).doesNotContain("i1", "i2"); // of the history
        assertThat(found.generation()).isEqualTo(trainer.generation());
        assertThat(found.step()).isEqualTo(3);
        assertThat(found.publishedAt()).isEqualTo(3);
    }

    @Test
    void aWholeCatalogueIsFoundAfterOneCall() {
        int items = 16 * 1024 + 5; // a trainer publishes 16,384 at once
        trainer.reach(TIME);
        for (int item = 0; item < items; item++) {
            trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i" + item, TIME, Features.NONE)));
        }
        trainer.learn(trainer.closeBatch());
        LocalGeneration generation = new LocalGeneration(settings, trainer);

        generation.follow(1);

        assertThat(generation.pair().index().size()).isEqualTo(items);
    }

    @Test
    void neighboursOfAClickAreNearAtOnce() {
        LocalGeneration generation = new LocalGeneration(settings, trainer);
        learn(trainer, "first", 1);
        generation.follow(1);

        // each click of learn comes behind i1 and i2
        assertThat(generation.pair().encoder().near(List.of("i1"), TIME)).containsKeys("i0", "i3");
    }

    @Test
    void whatIsRemovedIsGone() {
        LocalGeneration generation = new LocalGeneration(settings, trainer);
        RecallEngine engine = serving(generation);
        learn(trainer, "first", 1);
        generation.follow(1);
        assertThat(found(engine).items()).extracting(ScoredItem::item).contains("i3");
        float[] before = found(engine).query();

        trainer.change(new CatalogueChange.Removal("i3", TIME));
        trainer.removeUser("ann");
        trainer.learn(trainer.closeBatch());
        generation.follow(2);

        assertThat(found(engine).items()).extracting(ScoredItem::item).doesNotContain("i3");
        assertThat(found(engine).query()).isNotEqualTo(before); // the user's own row is gone
        assertThat(generation.pair().encoder().near(List.of("i3"), TIME)).isEmpty();
    }

    @Test
    void usersFollowTheItemsOfTheirHistories() {
        LocalGeneration generation = new LocalGeneration(settings, trainer);
        RecallEngine engine = serving(generation);
        learn(trainer, "first", 1);
        generation.follow(1);
        float[] before = found(engine).query();

        trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i1", TIME + 1, colour("c3"))));
        trainer.learn(trainer.closeBatch());
        generation.follow(2);
        float[] repainted = found(engine).query();
        trainer.change(new CatalogueChange.Removal("i1", TIME + 2));
        trainer.learn(trainer.closeBatch());
        generation.follow(3);

        assertThat(repainted).isNotEqualTo(before);
        assertThat(found(engine).query()).isNotEqualTo(repainted);
        assertThat(found(engine).query()).usingComparatorWithPrecision(1e-5f).containsExactly(vector());
    }

    @Test
    void whileTheTrainerWithholdsAnswersStayAsTheyWere() {
        LocalGeneration generation = new LocalGeneration(settings, trainer);
        RecallEngine engine = serving(generation);
        learn(trainer, "good", 1);
        generation.follow(1);
        for (int refused = 1; refused <= 3; refused++) { // the third in a row withholds
            learn(trainer, "refused" + refused, 1e38);
            generation.follow(1 + refused);
        }
        assertThat(trainer.withheld()).isPresent();
        Answer.Found during = found(engine);
        Map<String, Double> near = generation.pair().encoder().near(List.of("i1"), TIME);

        learn(trainer, "refused4", 1e38); // its clicks still count for neighbours
        generation.follow(5);

        assertThat(found(engine).items()).isEqualTo(during.items());
        assertThat(generation.pair().encoder().near(List.of("i1"), TIME)).isEqualTo(near);

        trainer.change(new CatalogueChange.Removal("i2", TIME + 5)); // is not withheld
        trainer.learn(trainer.closeBatch());
        generation.follow(6);
        assertThat(trainer.withheld()).isPresent();

        UserFeatures ben =
                new UserFeatures("ben", TIME, Features.NONE, ANN.history()); // ann's additions are at their bound
        trainer.add(new TrainingExample("good again", ben, Features.NONE, "i0", "click", 1, TIME + 9, 0));
        trainer.learn(trainer.closeBatch());
        generation.follow(7);
        assertThat(trainer.withheld()).isEmpty();
        assertThat(found(engine).step()).isEqualTo(trainer.step());
        assertThat(generation.pair().encoder().near(List.of("i1"), TIME)).isNotEqualTo(near);
        assertThat(found(engine).query()).usingComparatorWithPrecision(1e-5f).containsExactly(vector());
    }

    @Test
    void aTrainerThatIsRestoredAnswersAsBefore() {
        LocalGeneration generation = new LocalGeneration(settings, trainer);
        learn(trainer, "first", 1);
        generation.follow(1, EntrySink.into(state));
        learn(trainer, "second", 1);
        generation.follow(2, EntrySink.into(state));
        Answer.Found before = found(serving(generation));

        Trainer restored = new Trainer(settings);
        state.forEach(restored::restore);
        restored.requireWhole();
        LocalGeneration again = new LocalGeneration(settings, restored);
        again.follow(2, EntrySink.into(state));

        Answer.Found after = found(serving(again));
        assertThat(after.query()).isEqualTo(before.query());
        assertThat(after.items())
                .extracting(ScoredItem::item)
                .containsExactlyElementsOf(
                        before.items().stream().map(ScoredItem::item).toList());
        assertThat(restored.digest()).isPresent().isEqualTo(trainer.digest());
    }

    /** Returns ann's vector as the trainer makes it. */
    private float[] vector() {
        float[] vector = new float[trainer.dim()];
        trainer.userVectors(List.of(ANN), List.of(Features.NONE), vector);
        return vector;
    }

    private static Features colour(String name) {
        return Features.of(Map.of("colour", new FeatureValue.Category(name)));
    }

    private static Answer.Found found(RecallEngine engine) {
        return (Answer.Found) engine.recall(RecallRequest.unseen("ann", 10));
    }

    /** Clicks of ann on i0 … i3, after i1 and i2. */
    private static void learn(Trainer trainer, String id, double weight) {
        learn(trainer, ANN, id, weight);
    }

    private static void learn(Trainer trainer, UserFeatures user, String id, double weight) {
        for (int at = 0; at < 4; at++) {
            trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i" + at, TIME, colour("c" + at))));
        }
        for (int at = 0; at < 4; at++) {
            trainer.add(new TrainingExample(id + at, user, Features.NONE, "i" + at, "click", weight, TIME + at, 0));
        }
        trainer.learn(trainer.closeBatch());
    }
}
