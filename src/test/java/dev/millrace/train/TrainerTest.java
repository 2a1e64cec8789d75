package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.table.Descent;
import dev.millrace.model.table.Optimiser;
import dev.millrace.model.table.OptimiserRule;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntryDigest;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int SWEEP = 10;

    private final SplittableRandom random = new SplittableRandom(7);
    private final TrainerSettings settings = settings();

    @Test
    void learnerOfTheLogAloneHasTheSameWeightsAndTheSamePopularity() {
        Trainer live = new Trainer(settings);
        Trainer follower = new Trainer(settings);
        for (int step = 0; step < 30; step++) {
            fill(live, step);
            MiniBatch batch = live.closeBatch();
            live.learn(batch);
            follower.learn(batch);
        }

        assertThat(entries(follower, "mCPFeEA")).isEqualTo(entries(live, "mCPFeEA"));
        assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
    }

    @Test
    void beforeTheFirstStepTheDigestIsOfWhatAModelBeginsWith() {
        Trainer committed = new Trainer(settings);
        assertThat(committed.digest()).isEmpty(); // of nothing there is none

        entries(committed, "");

        assertThat(committed.digest()).isPresent().get().satisfies(digest -> {
            assertThat(digest.step()).isZero();
            assertThat(digest.digest()).isNotEqualTo(HexFormat.of().formatHex(new EntryDigest().digest()));
        });
    }

    @Test
    void restoredTrainerGoesOnBitForBit() {
        Trainer undisturbed = new Trainer(settings);
        Trainer stopped = new Trainer(settings);
        Trainer restored = new Trainer(settings);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        List<MiniBatch> log = new ArrayList<>();
        for (int step = 0; step < 20; step++) {
            fill(undisturbed, step);
            MiniBatch batch = undisturbed.closeBatch();
            undisturbed.learn(batch);
            entries(undisturbed, ""); // commits at each step, the other not
            log.add(batch);
        }
        for (int step = 0; step < 20; step++) {
            Trainer each = step < 12 ? stopped : restored;
            if (step == 12) {
                commit(stopped, stored);
                List<byte[]> keys = new ArrayList<>(stored.keySet());
                java.util.Collections.reverse(keys); // the order does not matter
                keys.forEach(key -> restored.restore(key, stored.getOrDefault(key, new byte[0])));
            }
            each.learn(log.get(step));
            if (step < 11) {
                commit(stopped, stored); // as often as not, as commits come
            }
        }

        entries(restored, "");
        assertThat(restored.digest()).isPresent().isEqualTo(undisturbed.digest());
        // at 5 and 10, and then of the one commit at 20, which is the digest itself
        assertThat(restored.progress().digests())
                .hasSize(2)
                .isSubsetOf(undisturbed.progress().digests());
        assertThat(restored.progress().exam().model().scored())
                .isEqualTo(undisturbed.progress().exam().model().scored());
    }

    @Test
    void restoredStateThatMissesAnEntryIsNoticed() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Trainer trainer = new Trainer(settings);
        Trainer whole = new Trainer(settings);
        Trainer partial = new Trainer(settings);
        fill(trainer, 1);
        trainer.learn(trainer.closeBatch());
        commit(trainer, stored);
        stored.forEach(whole::restore);
        byte[] row = stored.keySet().stream()
                .filter(key -> key[0] == 'm' && key[1] == 'r')
                .findFirst()
                .orElseThrow();
        stored.remove(row);
        stored.forEach(partial::restore);

        assertThatCode(whole::requireWhole).doesNotThrowAnyException();
        assertThatThrownBy(partial::requireWhole)
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("entries restored for step 1");
    }

    @ParameterizedTest(name = "one commit in {0} steps")
    @ValueSource(ints = {1, 3})
    void noVectorIsOlderThanTheSweepBoundWhateverComesAndGoes(int stepsACommit) {
        Trainer trainer = new Trainer(settings);
        for (int hot = 0; hot < 60; hot++) {
            trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i" + hot, TIME, Features.NONE)));
        }
        for (int cold = 0; cold < 200; cold++) { // items that are never clicked: only the sweep publishes them
            trainer.change(new CatalogueChange.Upsert(new CatalogueItem("c" + cold, TIME, Features.NONE)));
        }
        Map<String, Long> publishedAt = new HashMap<>();
        int lastCommit = 0;
        int largestGap = 0;
        for (int step = 1; step <= 200; step++) {
            fill(trainer, step);
            if (step % 3 == 0) {
                trainer.change(new CatalogueChange.Removal("c" + random.nextInt(200), TIME));
            }
            trainer.learn(trainer.closeBatch());
            if (random.nextInt(stepsACommit) > 0) {
                continue; // a commit takes in several steps
            }
            for (ItemEmbedding embedding : trainer.publish()) {
                if (embedding.vector().isPresent()) {
                    publishedAt.put(embedding.item(), (long) step);
                } else {
                    publishedAt.remove(embedding.item());
                }
            }
            largestGap = Math.max(largestGap, step - lastCommit);
            lastCommit = step;
            int gap = largestGap;
            long now = step;
            // a commit sweeps for the steps since the one before, so a round may end one gap late
            assertThat(publishedAt.values()).allMatch(at -> now - at <= SWEEP + gap);
        }
    }

    @Test
    void removedItemGetsATombstoneAndATrailingClickDoesNotBringItBack() {
        Trainer trainer = new Trainer(settings);
        trainer.change(new CatalogueChange.Upsert(new CatalogueItem("gone", TIME, Features.NONE)));
        fill(trainer, 1);
        trainer.learn(trainer.closeBatch());
        trainer.publish();
        trainer.change(new CatalogueChange.Removal("gone", TIME + 1));
        fill(trainer, 2);
        trainer.learn(trainer.closeBatch());
        assertThat(trainer.publish())
                .anyMatch(embedding ->
                        embedding.item().equals("gone") && embedding.vector().isEmpty());

        trainer.add(example("late", "gone"));
        fill(trainer, 3);
        trainer.learn(trainer.closeBatch());

        assertThat(trainer.publish()).noneMatch(embedding -> embedding.item().equals("gone"));
        Books.Account account =
                trainer.progress().books().getOrDefault(InputTopic.EXAMPLES.label(), Books.Account.EMPTY);
        assertThat(account.outcome(Outcome.REMOVED_ITEM)).isEqualTo(1);
        assertThat(account.isBalanced()).isTrue();
    }

    @Test
    void aStreamOfItemsThatComeOnceFillsNeitherModelNorCatalogue() {
        TrainerSettings bounded = settings("catalogue.max-unannounced", "40", "table.max-rows", "50");
        Trainer live = new Trainer(bounded);
        Trainer follower = new Trainer(bounded);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Map<String, Boolean> index = new HashMap<>();
        int most = 0;
        for (int step = 0; step < 100; step++) {
            for (int at = 0; at < 8; at++) {
                live.add(example("e" + step + "-" + at, "once" + step + "-" + at));
            }
            MiniBatch batch = live.closeBatch();
            live.learn(batch);
            follower.learn(batch);
            live.publish()
                    .forEach(embedding ->
                            index.put(embedding.item(), embedding.vector().isPresent()));
            commit(live, stored);
            most = Math.max(most, stored.size());
        }
        TrainingProgress progress = live.progress();

        assertThat(progress.items()).isBetween(40, 40 + 8);
        assertThat(progress.rows().rows()).isLessThanOrEqualTo(50);
        assertThat(index.values().stream().filter(isThere -> isThere)).hasSize(progress.items());
        // rows, and of each item its place, three counts; and what does not grow: networks, clocks, books
        assertThat(most).isLessThan(50 + 4 * 48 + 40);
        commit(follower, new TreeMap<>(Arrays::compareUnsigned));
        assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
    }

    /**
     * What a subscriber has of each item: the number of its latest record, of whatever step. It knows the law of decay, and ranks
     * all items as the exact counts do at the time of the query.
     */
    @Test
    void latestRecordsRankItemsByFreshPopularityAsTheExactCountsDo() {
        Trainer trainer = new Trainer(settings("publish.max-age.steps", "1000000", "publish.most-moved", "0"));
        Map<String, ItemEmbedding> latest = new TreeMap<>();
        List<TrainingExample> clicks = new ArrayList<>();
        int records = 0;
        for (int step = 1; step <= 60; step++) {
            for (int at = 0; at < 8; at++) {
                TrainingExample click =
                        timed("e" + step + "-" + at, 1 + random.nextInt(1 + random.nextInt(60)), hours(step));
                trainer.add(click);
                clicks.add(click);
            }
            trainer.learn(trainer.closeBatch());
            for (ItemEmbedding embedding : trainer.publish()) {
                latest.put(embedding.item(), embedding);
                records++;
            }
        }
        long now = hours(75);

        for (ItemEmbedding left : latest.values()) {
            double published = numberAt(left, now);
            double exact = exactNumber(clicks, left.item(), now);
            assertThat(published).as(left.item()).isCloseTo(exact, within(1e-9));
        }
        // nothing was published but what was clicked, and one item a step of the slowest sweep there is
        assertThat(records).isLessThanOrEqualTo(clicks.size() + 60);
    }

    @Test
    void numberThatIsADimensionIsNowhereFurtherOutOfDateThanTheMove() {
        Trainer trainer = new Trainer(settings(
                "publish.max-age.steps", "1000000",
                "publish.popularity.dimension", "true",
                "publish.popularity.min-move", "0.2"));
        Map<String, ItemEmbedding> latest = new TreeMap<>();
        List<TrainingExample> clicks = new ArrayList<>();
        for (int step = 1; step <= 60; step++) {
            int items = step < 30 ? 60 : 3; // from here on most of them cool
            for (int at = 0; at < 8; at++) {
                TrainingExample click = timed("e" + step + "-" + at, 1 + random.nextInt(items), hours(step));
                trainer.add(click);
                clicks.add(click);
            }
            trainer.learn(trainer.closeBatch());
            trainer.publish().forEach(embedding -> latest.put(embedding.item(), embedding));

            for (ItemEmbedding embedding : latest.values()) {
                assertThat(embedding.popularity().isDimension()).isTrue();
                assertThat(embedding.popularity().number())
                        .as(embedding.item() + " in step " + step)
                        .isCloseTo(exactNumber(clicks, embedding.item(), hours(step)), within(0.2));
            }
        }
        assertThat(latest).hasSizeGreaterThan(50);
    }

    @Test
    void attributesGoOutWithTheVectorAndAgainWhenTheyChange() {
        Features red =
                Features.of(Map.of("colour", new FeatureValue.Category("red"), "price", new FeatureValue.Quantity(3)));
        Features blue = Features.of(Map.of("colour", new FeatureValue.Category("blue")));
        Trainer trainer =
                new Trainer(settings("publish.attributes", "colour,size", "publish.max-age.steps", "1000000"));
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
        assertThat(trainer.learn(refused)).isInstanceOf(StepOutcome.Refused.class);
        List<TrainingExample> clicks = new ArrayList<>(learnt.examples());
        clicks.addAll(refused.examples());

        List<ItemEmbedding> published = trainer.publish();

        for (TrainingExample click : refused.examples()) {
            assertThat(published)
                    .filteredOn(embedding -> embedding.item().equals(click.item()))
                    .singleElement()
                    .satisfies(embedding -> assertThat(embedding.popularity().number())
                            .isCloseTo(exactNumber(clicks, click.item(), TIME), within(1e-12)));
        }
    }

    /** The published number as a subscriber brings it to another time, by the formula in the schema. */
    private static double numberAt(ItemEmbedding embedding, long time) {
        double halfLives =
                (double) (time - embedding.eventTime()) / embedding.popularity().halfLife();
        return Math.log(1 + (Math.exp(embedding.popularity().number()) - 1) / Math.pow(2, halfLives));
    }

    /** log p of the item over that of one without clicks: (c + .1) / .1, half-life 6 h. */
    private static double exactNumber(List<TrainingExample> clicks, String item, long now) {
        double count = clicks.stream()
                .filter(click -> click.item().equals(item))
                .mapToDouble(click -> Math.pow(2, (click.time() - now) / 21_600_000.0))
                .sum();
        return Math.log((count + 0.1) / 0.1);
    }

    private TrainingExample timed(String id, int item, long time) {
        UserFeatures user = new UserFeatures("u" + random.nextInt(20), time, Features.NONE, List.of("i1"));
        return new TrainingExample(id, user, Features.NONE, "i" + item, "click", 1, time, 0);
    }

    private static long hours(int count) {
        return TIME + count * 3_600_000L;
    }

    @Test
    void aGapInTheLogStopsTheLearner() {
        Trainer live = new Trainer(settings);
        Trainer follower = new Trainer(settings);
        fill(live, 1);
        live.learn(live.closeBatch());
        fill(live, 2);
        MiniBatch second = live.closeBatch();

        assertThatThrownBy(() -> follower.learn(second))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("mini-batch of step 2 follows step 0");
    }

    /** @param extra key, value, key, value … */
    private static TrainerSettings settings(String... extra) {
        Map<String, String> given = new HashMap<>(Map.of(
                "batch.size", "8",
                "batch.negatives", "16",
                "batch.max-changes", "50",
                "tower.dim", "8",
                "tower.user.hidden", "8",
                "tower.item.hidden", "8",
                "features.user", "history",
                "features.item", "item",
                "publish.max-age.steps", Integer.toString(SWEEP),
                "digest.steps", "5"));
        for (int at = 0; at < extra.length; at += 2) {
            given.put(extra[at], extra[at + 1]);
        }
        return TrainerSettings.read(new SettingsReader(given));
    }

    @Test
    void aShadowThatPublishesAfterARestartPublishesEverything() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        List<String> querySide = new ArrayList<>();
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
        assertThat(publishing.publish()).hasSize(publishing.catalogueSize());
        assertThat(publishing.completeGeneration()).isTrue();
        publishing.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                if (publishing.isQuerySide(key)) {
                    querySide.add(Arrays.toString(key));
                }
            }

            @Override
            public void delete(byte[] key) {}
        });
        // the whole of it: what the commits of the shadow kept, and what the last step added
        assertThat(querySide)
                .containsAll(stored.keySet().stream()
                        .filter(publishing::isQuerySide)
                        .map(Arrays::toString)
                        .toList());
        assertThat(publishing.startGeneration()).isFalse();
        assertThat(publishing.completeGeneration()).isFalse();
    }

    @Test
    void whatHappenedBeforeTheStartIsCountedAndNotLearnt() {
        TrainerSettings late = settings("learn.from", Instant.ofEpochMilli(TIME + 1_000) + "");
        Trainer log = new Trainer(settings);
        Trainer learner = new Trainer(late);
        Map<byte[], byte[]> before = new TreeMap<>(Arrays::compareUnsigned);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        log.change(upsert("i0"));
        for (int step = 1; step <= 4; step++) {
            fill(log, step);
            MiniBatch batch = log.closeBatch();
            log.learn(batch);
            assertThat(learner.learn(batch)).isInstanceOf(StepOutcome.PassedOver.class);
            commit(learner, stored);
            if (step == 1) {
                before.putAll(stored);
            }
        }
        // of the model only what counts the items moves, no weight
        assertThat(shown(stored, "m")).isEqualTo(shown(before, "m"));
        assertThat(learner.step()).isEqualTo(4);
        assertThat(learner.isListed("i0")).isTrue();

        log.add(at("boundary", TIME + 500));
        log.add(at("behind", TIME + 1_000));
        assertThat(learner.learn(log.closeBatch())).isInstanceOf(StepOutcome.Learnt.class);

        Books.Account account =
                learner.progress().books().getOrDefault(InputTopic.BATCHES.label(), Books.Account.EMPTY);
        assertThat(account.outcome(Outcome.BEFORE_START)).isEqualTo(4);
        assertThat(account.outcome(Outcome.LEARNT)).isEqualTo(1);
        assertThat(account.isBalanced()).isTrue();
        assertThatThrownBy(() -> {
                    SettingsReader reader = new SettingsReader(Map.of("learn.from", "yesterday"));
                    TrainerSettings.read(reader);
                    reader.finish();
                })
                .hasMessageContaining("learn.from = yesterday: must be a time with its offset");
    }

    private static TrainingExample at(String id, long time) {
        TrainingExample any = example(id, "u1", "i1", 1);
        return new TrainingExample(id, any.user(), Features.NONE, any.item(), "click", 1, time, 0);
    }

    @Test
    void refusedStepIsRefusedByALearnerOfTheLogTooAndLeavesTheModelAsItWas() {
        Trainer live = new Trainer(settings);
        Trainer follower = new Trainer(settings);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 1; step <= 10; step++) {
            fill(live, step);
            if (step % 3 == 0) {
                live.add(heavy("poison" + step));
            }
            MiniBatch batch = live.closeBatch();
            Map<String, String> before = shown(stored, "m");
            StepOutcome outcome = live.learn(batch);
            commit(live, stored);
            if (step % 3 == 0) {
                assertThat(outcome).isInstanceOf(StepOutcome.Refused.class);
                assertThat(shown(stored, "m")).isEqualTo(before).isNotEmpty();
            }
            assertThat(follower.learn(batch)).isEqualTo(outcome);
        }

        assertThat(entries(follower, "mCPFeE")).isEqualTo(shown(stored, "mCPFeE"));
        assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
        assertThat(live.progress().refusedSteps()).isEqualTo(3);
        // three steps of nine examples each
        assertThat(examples(live).outcomes()).containsEntry("refused: not finite", 27L);
        assertThat(examples(live).isBalanced()).isTrue();
    }

    @Test
    void refusedInARowNothingIsPublishedAndThenEverythingEvenAfterARestart() {
        Trainer stopped = new Trainer(settings);
        Trainer restored = new Trainer(settings);
        for (int item = 0; item < 60; item++) {
            stopped.change(upsert("i" + item));
        }
        stopped.change(upsert("gone"));
        learn(stopped, 1);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(stopped, stored);
        for (int step = 2; step <= 4; step++) { // publish.withhold-after-refused = 3
            assertThat(stopped.withheld()).isEmpty();
            stopped.add(heavy("poison" + step));
            stopped.change(step == 4 ? new CatalogueChange.Removal("gone", TIME) : upsert("i1"));
            learn(stopped, step);
            List<ItemEmbedding> published = stopped.publish();
            assertThat(published.stream().anyMatch(one -> one.vector().isPresent()))
                    .isEqualTo(step < 4);
            if (step == 4) { // what is removed must go even so
                assertThat(published).extracting(ItemEmbedding::item).containsExactly("gone");
            }
            commit(stopped, stored);
        }
        assertThat(stopped.withheld()).contains("3 steps in a row were refused");
        assertThat(stopped.progress().withheld()).isEqualTo(stopped.withheld());
        stored.forEach(restored::restore);
        assertThat(restored.withheld()).isEqualTo(stopped.withheld());

        learn(restored, 5);

        assertThat(restored.publish()).hasSize(60).allMatch(one -> one.vector().isPresent());
        assertThat(restored.withheld()).isEmpty();
        // the query side too is handed over whole: of it, header, networks and rows of the histories' table
        Map<byte[], byte[]> drained = new TreeMap<>(Arrays::compareUnsigned);
        commit(restored, drained);
        stored.keySet().stream()
                .filter(key -> key[0] == 'm' && restored.isQuerySide(key))
                .forEach(key -> assertThat(drained).containsKey(key));
    }

    @Test
    void vectorThatIsNotFiniteHoldsBackAllUntilItIsGone() {
        Trainer trainer = new Trainer(settings);
        for (int item = 0; item < 20; item++) {
            trainer.change(upsert("i" + item));
        }
        trainer.learn(trainer.closeBatch());
        assertThat(trainer.publish()).hasSize(20);
        float[] poison = new float[8]; // tower.dim
        poison[3] = Float.NaN;
        byte[] row = new Fields()
                .floats(poison)
                .floats(new float[] {1})
                .longInteger(1)
                .longInteger(TIME)
                .framed();
        trainer.restore("mritem\0i5".getBytes(StandardCharsets.UTF_8), row);
        trainer.change(upsert("i5"));
        trainer.learn(trainer.closeBatch());

        assertThat(trainer.publish()).isEmpty();
        assertThat(trainer.withheld()).contains("the vector of item i5 is not finite or not of unit length");

        trainer.change(new CatalogueChange.Removal("i5", TIME));
        trainer.learn(trainer.closeBatch());
        assertThat(trainer.publish()).hasSize(1 + 19);
        assertThat(trainer.withheld()).isEmpty();
    }

    @ParameterizedTest(name = "learning rates times {0}")
    @ValueSource(doubles = {1e6, 1e37})
    void nothingThatIsNotFiniteGetsOutWhateverTheLearningRates(double factor) {
        Trainer trainer = new Trainer(withLearningRates(factor));
        boolean wasHeldBack = false;
        for (int step = 1; step <= 40; step++) {
            fill(trainer, step);
            trainer.learn(trainer.closeBatch());
            for (ItemEmbedding published : trainer.publish()) {
                double squares = 0;
                for (float component : published.vector().orElseThrow()) {
                    squares += (double) component * component;
                }
                assertThat(squares).isCloseTo(1, within(1e-3));
            }
            boolean isWithheld = trainer.withheld().isPresent();
            wasHeldBack |= isWithheld;
            trainer.drainDirty(new EntrySink() {
                @Override
                public void put(byte[] key, byte[] value) {
                    if (!isWithheld && trainer.isQuerySide(key) && key[1] != 'h') { // rows and weights
                        for (float component : Fields.floats(Frame.open(value))) {
                            assertThat(component).isFinite();
                        }
                    }
                }

                @Override
                public void delete(byte[] key) {
                    throw new AssertionError("nothing was removed");
                }
            });
        }

        // rows of 1e37 have squares beyond the floats, and every step is refused from then on
        assertThat(wasHeldBack).isEqualTo(factor > 1e30);
    }

    private TrainerSettings withLearningRates(double factor) {
        ModelSettings model = settings.model();
        Optimiser given = model.optimiser();
        Optimiser optimiser = new Optimiser(times(given.dense(), factor), times(given.rows(), factor), 0);
        return new TrainerSettings(
                settings.batch(),
                new ModelSettings(
                        model.seed(),
                        model.generation(),
                        model.dim(),
                        model.user(),
                        model.item(),
                        model.towers(),
                        model.loss(),
                        optimiser,
                        model.tables()),
                settings.exam(),
                settings.alarms(),
                settings.publish(),
                settings.fast(),
                settings.learnFrom(),
                settings.digestSteps());
    }

    private static Descent times(Descent given, double factor) {
        OptimiserRule.Adagrad adagrad = (OptimiserRule.Adagrad) given.rule();
        return new Descent(
                new OptimiserRule.Adagrad(
                        factor * adagrad.learningRate(), adagrad.initialAccumulator(), adagrad.epsilon()),
                given.schedule(),
                given.maxGradientNorm(),
                given.l2());
    }

    @Test
    void removedUserLeavesTheOpenBatchAndTheRowsHereAndInALearnerOfTheLog() {
        TrainerSettings withUsers = settings("features.user", "user,history");
        Trainer live = new Trainer(withUsers);
        Trainer follower = new Trainer(withUsers);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 1; step <= 3; step++) {
            fill(live, step);
            live.add(example("ann" + step, "ann", "i1", 1));
            if (step == 3) {
                commit(live, stored); // the open batch is stored with an example that will leave it
                assertThat(holding(stored, "ann")).isNotEmpty();
                live.removeUser("ann");
                live.removeUser("nobody");
                commit(live, stored);
                assertThat(holding(stored, "ann3")).isEmpty(); // the example's id
            }
            MiniBatch batch = live.closeBatch();
            assertThat(batch.removedUsers()).isEqualTo(step == 3 ? List.of("ann", "nobody") : List.of());
            live.learn(batch);
            follower.learn(batch);
        }

        commit(live, stored);

        assertThat(holding(stored, "ann")).isEmpty();
        assertThat(entries(follower, "mCPFeE")).isEqualTo(shown(stored, "mCPFeE"));
        assertThat(examples(live).outcome(Outcome.ERASED)).isEqualTo(1);
        assertThat(examples(live).outcome(Outcome.USER_REMOVAL)).isEqualTo(2);
        assertThat(examples(live).isBalanced()).isTrue();
        // what comes after the removal is a new user's
        live.add(example("again", "ann", "i1", 1));
        live.learn(live.closeBatch());
        commit(live, stored);
        assertThat(holding(stored, "mruser\0ann")).hasSize(1);
    }

    @Test
    void removalOfAnItemTakesItsExamplesOutOfTheOpenBatchEvenAfterARestart() {
        Trainer stopped = new Trainer(settings);
        Trainer restored = new Trainer(settings);
        stopped.add(example("before", "ann", "gone", 1));
        stopped.change(new CatalogueChange.Removal("gone", TIME));
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(stopped, stored);
        stored.forEach(restored::restore);

        restored.add(example("after", "ann", "gone", 1));
        restored.add(example("other", "ann", "i1", 1));
        MiniBatch batch = restored.closeBatch();

        assertThat(batch.examples()).extracting(TrainingExample::id).containsExactly("other");
        restored.learn(batch);
        assertThat(examples(restored).outcome(Outcome.REMOVED_ITEM)).isEqualTo(2);
        assertThat(examples(restored).isBalanced()).isTrue();
    }

    @Test
    void idOfARemovedItemIsForgottenAfterAWhileOfEventTime() {
        Trainer trainer = new Trainer(settings("catalogue.removal-memory", "1h"));
        long hour = 3_600_000;
        trainer.change(upsert("gone"));
        trainer.change(new CatalogueChange.Removal("gone", TIME));
        trainer.add(example("on time", "ann", "i1", 1));
        trainer.learn(trainer.closeBatch());
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(trainer, stored);
        assertThat(holding(stored, "gone")).hasSize(1); // the reminder

        TrainingExample late = example("late", "ann", "i1", 1);
        trainer.add(new TrainingExample(late.id(), late.user(), Features.NONE, "i1", "click", 1, TIME + hour + 1, 0));
        trainer.learn(trainer.closeBatch());

        commit(trainer, stored);
        assertThat(holding(stored, "gone")).isEmpty();
    }

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

    @Test
    void fallOfRecallHoldsBackAllButTombstonesUntilItIsMadeGoodWithOneExamInSeveralStepsAndARestart() {
        TrainerSettings gated = settings(
                "batch.size", "32",
                "exam.every-steps", "3",
                "publish.gate.window", "640",
                "publish.gate.recall-at", "10");
        ClusteredClicks clicks = new ClusteredClicks(5, 10, 20, TIME);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Trainer stopped = new Trainer(gated);
        Trainer restored = new Trainer(gated);
        Trainer follower = new Trainer(gated);
        clicks.items().forEach(item -> stopped.change(upsert(item)));
        for (int step = 1; step <= 240; step++) {
            feed(stopped, follower, clicks, false);
            assertThat(stopped.publish()).isNotEmpty();
            assertThat(stopped.withheld()).isEmpty();
        }
        int garbage = 0;
        while (stopped.withheld().isEmpty() && garbage++ < 120) {
            feed(stopped, follower, clicks, true);
            commit(stopped, stored);
        }
        // half a window of 20 exams of 32 events: 30 steps; the reference is a little below the level
        assertThat(stopped.withheld()).hasValueSatisfying(why -> assertThat(why).startsWith("Recall@10 over 640"));
        assertThat(garbage).isBetween(25, 60);
        assertThat(stopped.publish()).isEmpty();
        follower.publish();
        assertThat(follower.withheld()).isEqualTo(stopped.withheld());

        stored.forEach(restored::restore);
        assertThat(restored.withheld()).isEqualTo(stopped.withheld());
        restored.change(new CatalogueChange.Removal("i7", TIME));
        feed(restored, follower, clicks, true);
        assertThat(restored.publish())
                .extracting(ItemEmbedding::item, one -> one.vector().isPresent())
                .containsExactly(org.assertj.core.groups.Tuple.tuple("i7", false));
        int good = 0;
        List<ItemEmbedding> published = List.of();
        while (restored.withheld().isPresent() && good++ < 300) {
            feed(restored, follower, clicks, false);
            published = restored.publish();
        }

        assertThat(restored.withheld()).isEmpty();
        assertThat(good).isLessThan(200);
        assertThat(published).hasSize(restored.progress().items()).allMatch(one -> one.vector()
                .isPresent());
        commit(restored, stored);
        assertThat(entries(follower, "mCPeEA").equals(shown(stored, "mCPeEA"))).isTrue();
    }

    private static void feed(Trainer trainer, Trainer follower, ClusteredClicks clicks, boolean isGarbage) {
        while (!trainer.isBatchReady()) {
            trainer.add(isGarbage ? clicks.garbage() : clicks.good());
        }
        MiniBatch batch = trainer.closeBatch();
        trainer.learn(batch);
        follower.learn(batch);
    }

    private static void learn(Trainer trainer, int step) {
        trainer.add(example("good" + step, "ann", "i" + step, 1));
        trainer.add(example("good too" + step, "bob", "i2", 1));
        trainer.learn(trainer.closeBatch());
    }

    /** An example whose gradient's square is beyond the floats. */
    private static TrainingExample heavy(String id) {
        return example(id, "ann", "i1", 1e38);
    }

    private static TrainingExample example(String id, String user, String item, double weight) {
        UserFeatures features = new UserFeatures(user, TIME, Features.NONE, List.of("i3", "i4"));
        return new TrainingExample(id, features, Features.NONE, item, "click", weight, TIME, 0);
    }

    private static CatalogueChange upsert(String item) {
        return new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE));
    }

    private static Books.Account examples(Trainer trainer) {
        return trainer.progress().books().getOrDefault(InputTopic.EXAMPLES.label(), Books.Account.EMPTY);
    }

    /** Keys of the entries that hold the text in key or value. */
    private static List<String> holding(Map<byte[], byte[]> stored, String text) {
        List<String> found = new ArrayList<>();
        stored.forEach((key, value) -> {
            String shownKey = new String(key, StandardCharsets.ISO_8859_1);
            if (shownKey.contains(text) || new String(value, StandardCharsets.ISO_8859_1).contains(text)) {
                found.add(shownKey);
            }
        });
        return found;
    }

    private void fill(Trainer trainer, int step) {
        for (int at = 0; at < 8; at++) {
            trainer.add(example("e" + step + "-" + at, "i" + random.nextInt(60)));
        }
    }

    private TrainingExample example(String id, String item) {
        List<String> history = List.of("i" + random.nextInt(60), "i" + random.nextInt(60));
        return new TrainingExample(
                id,
                new UserFeatures("u" + random.nextInt(20), TIME, Features.NONE, history),
                Features.NONE,
                item,
                "click",
                1,
                TIME,
                0);
    }

    private static void commit(Trainer trainer, Map<byte[], byte[]> stored) {
        trainer.publish();
        trainer.drainDirty(EntrySink.into(stored));
    }

    private static Map<String, String> entries(Trainer trainer, String kinds) {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(trainer, stored);
        return shown(stored, kinds);
    }

    private static Map<String, String> shown(Map<byte[], byte[]> stored, String kinds) {
        Map<String, String> shown = new TreeMap<>();
        stored.forEach((key, value) -> {
            if (kinds.indexOf(key[0]) >= 0) {
                shown.put(Arrays.toString(key), Arrays.toString(value));
            }
        });
        return shown;
    }
}
