package dev.millrace.train;

import static dev.millrace.train.TrainerFixture.TIME;
import static dev.millrace.train.TrainerFixture.commit;
import static dev.millrace.train.TrainerFixture.example;
import static dev.millrace.train.TrainerFixture.heavy;
import static dev.millrace.train.TrainerFixture.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;

/** Which vectors, popularities and attributes a {@link Trainer} publishes, and when. */
class TrainerPublicationTest {

    private static final int HALF_LIVES = 7;
    private static final Set<Integer> OF_SMALL_PRIORS = Set.of(4, 6); // 1 h, and 30 min a second time

    private final SplittableRandom random = new SplittableRandom(7);

    @Test
    void anItemThatExpiresGetsATombstone() {
        Trainer trainer = new Trainer(settings("catalogue.expire-after", "1h"));
        long hour = 3_600_000;
        TrainingExample once = example("once", "ann", "only once", 1);
        trainer.add(once);
        trainer.learn(trainer.closeBatch());
        assertThat(trainer.publish())
                .anyMatch(one -> one.item().equals("only once") && one.vector().isPresent());

        List<ItemEmbedding> published = new ArrayList<>();
        for (int later = 1; later <= 2; later++) {
            long time = TIME + hour + later;
            trainer.add(new TrainingExample("later" + later, once.user(), Features.NONE, "i1", "click", 1, time, 0));
            trainer.learn(trainer.closeBatch());
            published.addAll(trainer.publish());
        }

        assertThat(published)
                .filteredOn(one -> one.item().equals("only once"))
                .singleElement()
                .satisfies(one -> assertThat(one.vector()).isEmpty());
    }

    /**
     * What a subscriber has of each item: the number of its latest record, of whatever step. It knows the law of decay, and ranks
     * all items as the exact counts do at the time of the query.
     */
    @Test
    void latestRecordsRankItemsAsExactCountsDo() {
        Trainer trainer = new Trainer(settings("publish.max-age.steps", "1000000", "publish.most-moved", "0"));
        Map<String, ItemEmbedding> latest = new TreeMap<>();
        List<TrainingExample> clicks = new ArrayList<>();
        int records = 0;
        for (int step = 1; step <= 60; step++) {
            clicks.addAll(learn(trainer, step, () -> 1 + random.nextInt(1 + random.nextInt(60))));
            for (ItemEmbedding embedding : trainer.publish()) {
                latest.put(embedding.item(), embedding);
                records++;
            }
        }
        long now = hours(75);

        for (ItemEmbedding left : latest.values()) {
            assertNumbers(clicks, left, now, 1e-6);
        }
        // nothing was published but what was clicked, and one item a step of the slowest sweep there is
        assertThat(records).isLessThanOrEqualTo(clicks.size() + 60);
    }

    @Test
    void noDimensionIsStalerThanTheMove() {
        Trainer trainer = new Trainer(settings(
                "publish.max-age.steps", "1000000",
                "publish.popularity.dimension", "true"));
        Map<String, ItemEmbedding> latest = new TreeMap<>();
        List<TrainingExample> clicks = new ArrayList<>();
        for (int step = 1; step <= 60; step++) {
            int items = step < 30 ? 60 : 3; // from here on most of them cool
            clicks.addAll(learn(trainer, step, () -> 1 + random.nextInt(items)));
            trainer.publish().forEach(embedding -> latest.put(embedding.item(), embedding));

            for (ItemEmbedding embedding : latest.values()) {
                assertThat(embedding.popularity().isDimension()).isTrue();
                for (int which = 0; which < HALF_LIVES; which++) {
                    assertThat((double) embedding.popularity().numbers().get(which))
                            .as(embedding.item() + " in step " + step)
                            .isCloseTo(exactNumber(clicks, embedding, hours(step), which), within(0.1));
                }
            }
        }
        assertThat(latest).hasSizeGreaterThan(50);
    }

    @Test
    void clicksOfARefusedStepCountAsPopularityAndGoOut() {
        Trainer trainer = new Trainer(settings("publish.max-age.steps", "1000000"));
        fill(trainer, 1);
        MiniBatch learnt = trainer.closeBatch();
        trainer.learn(learnt);
        trainer.publish();
        fill(trainer, 2);
        trainer.add(heavy("h"));
        MiniBatch refused = trainer.closeBatch();
        assertThat(trainer.learn(refused).refusal()).isPresent();
        List<TrainingExample> clicks = new ArrayList<>(learnt.examples());
        clicks.addAll(refused.examples());

        List<ItemEmbedding> published = trainer.publish();

        for (TrainingExample click : refused.examples()) {
            assertThat(published)
                    .filteredOn(embedding -> embedding.item().equals(click.item()))
                    .singleElement()
                    .satisfies(embedding -> assertNumbers(clicks, embedding, TIME, 1e-6));
        }
    }

    /** Learns a batch of clicks of an hour. Returns these. */
    private List<TrainingExample> learn(Trainer trainer, int step, IntSupplier item) {
        List<TrainingExample> clicks = new ArrayList<>();
        for (int at = 0; at < 8; at++) {
            clicks.add(timed("e" + step + "-" + at, item.getAsInt(), hours(step)));
        }
        clicks.forEach(trainer::add);
        trainer.learn(trainer.closeBatch());
        return clicks;
    }

    /** Each published number, as a subscriber brings it to another time by the formula in the schema. */
    private static void assertNumbers(
            List<TrainingExample> clicks, ItemEmbedding embedding, long time, double accuracy) {
        long all = clicks.stream()
                .filter(click -> click.item().equals(embedding.item()))
                .count();
        assertThat(embedding.popularity().numbers())
                .hasSize(HALF_LIVES + 1)
                .last()
                .isEqualTo((float) Math.log(1 + (double) all));
        for (int which = 0; which < HALF_LIVES; which++) {
            double halfLives = (double) (time - embedding.eventTime())
                    / embedding.popularity().halfLives().get(which);
            double number = embedding.popularity().numbers().get(which);
            assertThat(Math.log(1 + (Math.exp(number) - 1) / Math.pow(2, halfLives)))
                    .as(embedding.item())
                    .isCloseTo(exactNumber(clicks, embedding, time, which), within(accuracy));
        }
    }

    /** log p of the item over that of one without clicks: (c + ε) / ε. */
    private static double exactNumber(List<TrainingExample> clicks, ItemEmbedding embedding, long now, int which) {
        double halfLife = embedding.popularity().halfLives().get(which);
        double count = clicks.stream()
                .filter(click -> click.item().equals(embedding.item()))
                .mapToDouble(click -> Math.pow(2, (click.time() - now) / halfLife))
                .sum();
        double prior = OF_SMALL_PRIORS.contains(which) ? 0.5 : 5;
        return Math.log((count + prior) / prior);
    }

    private TrainingExample timed(String id, int item, long time) {
        UserFeatures user = new UserFeatures("u" + random.nextInt(20), time, Features.NONE, List.of("i1"));
        return new TrainingExample(id, user, Features.NONE, "i" + item, "click", 1, time, 0);
    }

    private static long hours(int count) {
        return TIME + count * 3_600_000L;
    }

    @Test
    void changedAttributesGoOutAgain() {
        Features red =
                Features.of(Map.of("colour", new FeatureValue.Category("red"), "price", new FeatureValue.Quantity(3)));
        Features blue = Features.of(Map.of("colour", new FeatureValue.Category("blue")));
        Trainer trainer =
                new Trainer(settings("publish.attributes", "colour,size", "publish.max-age.steps", "1000000"));
        trainer.reach(TIME + 1);
        trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i", TIME, red)));
        trainer.learn(trainer.closeBatch());
        List<ItemEmbedding> first = trainer.publish();
        trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i", TIME + 1, blue)));
        trainer.learn(trainer.closeBatch());
        List<ItemEmbedding> second = trainer.publish();

        assertThat(first).singleElement().satisfies(embedding -> assertThat(embedding.attributes())
                .isEqualTo(Features.of(Map.of("colour", new FeatureValue.Category("red")))));
        assertThat(second).singleElement().satisfies(embedding -> assertThat(embedding.attributes())
                .isEqualTo(blue));
        assertThat(first).extracting(ItemEmbedding::itemTime).containsExactly(TIME);
        assertThat(second).extracting(ItemEmbedding::itemTime).containsExactly(TIME + 1);
    }

    @Test
    void aShadowPublishesEverythingAfterARestart() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        // servers need the items of histories, too
        TrainerSettings settings = settings(
                "features.user", "history,history.colour",
                "features.item", "item,colour",
                "features.item.colour.kind", "category");
        Trainer log = new Trainer(settings);
        Trainer shadow = new Trainer(settings);
        Trainer publishing = new Trainer(settings);
        for (int step = 1; step <= 3; step++) {
            fill(log, step);
            MiniBatch batch = log.closeBatch();
            log.learn(batch);
            shadow.learn(batch);
            shadow.keepGenerationUnknown();
            commit(shadow, stored);
        }
        stored.forEach(publishing::restore);
        log.add(example("last", "u1", "i1", 1));
        publishing.learn(log.closeBatch());

        assertThat(publishing.startGeneration()).isTrue();
        assertThat(publishing.publish()).hasSize(publishing.catalogue().size());
        assertThat(publishing.completeGeneration()).isTrue();
        Map<byte[], byte[]> drained = new TreeMap<>(Arrays::compareUnsigned);
        publishing.drainDirty(EntrySink.into(drained));
        // the whole of it: what the commits of the shadow kept, and what the last step added
        List<byte[]> querySide =
                stored.keySet().stream().filter(publishing::isQuerySide).toList();
        assertThat(querySide).allMatch(drained::containsKey).anyMatch(key -> EntryKind.itemOfCatalogue(key)
                .isPresent());
        assertThat(publishing.startGeneration()).isFalse();
        assertThat(publishing.completeGeneration()).isFalse();
    }

    private void fill(Trainer trainer, int step) {
        TrainerFixture.fill(trainer, step, random);
    }
}
