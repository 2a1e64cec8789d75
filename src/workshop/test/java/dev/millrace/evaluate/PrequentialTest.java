package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import dev.millrace.exam.Youth;
import dev.millrace.model.StepTimes;
import dev.millrace.state.EntrySource;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrequentialTest {

    private static final PrequentialSettings HALF = new PrequentialSettings(1, 0.5, 2);
    private static final int BATCH = 8;

    @Test
    void theActionsTogetherAreTheWhole() {
        History history = groups(400);

        RankingTotals alone = prequential(history)
                .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE)
                .all()
                .model();
        Prequential.Result beside = beside(history);

        RankingTotals model = beside.all().model();
        assertThat(model.gain10()).isEqualTo(alone.gain10());
        assertThat(model.hits()).isEqualTo(alone.hits());
        assertThat(beside.all().itemNeighbours().scored()).isEqualTo(model.scored());
        assertThat(beside.byAction()).containsOnlyKeys("click", "like");
        assertThat(beside.byAction().values().stream()
                        .mapToLong(each -> each.model().hits()[0])
                        .sum())
                .isEqualTo(model.hits()[0]);
    }

    @Test
    void youngItemsAreCountedByAgeAndClicks() {
        History history = new History();
        for (int item = 0; item < 4; item++) {
            history.item("i" + item, History.START + 40L * item * History.HOUR);
        }
        for (int hour = 0; hour < 160; hour++) { // forty on each item, as it comes
            history.click("u" + hour / 2, "i" + hour / 40, History.START + hour * History.HOUR);
        }

        Map<Youth, Prequential.Ranked> young = prequential(history)
                .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE)
                .young();

        // of each user the second click is ranked: of each item those at the ages 1, 3, … 23 hours, of two items in the
        // second half
        assertThat(scored(young, Youth.WITHIN_A_DAY)).isEqualTo(2 * 12);
        assertThat(scored(young, Youth.WITHIN_AN_HOUR)).isZero();
        // batches are of eight clicks, and a batch is counted when it is ranked: two of them are ranked with fewer than
        // ten before
        assertThat(scored(young, Youth.BEFORE_TEN_CLICKS)).isEqualTo(2 * 8);
    }

    private static long scored(Map<Youth, Prequential.Ranked> young, Youth youth) {
        return young.getOrDefault(youth, Prequential.Ranked.NONE).model().scored();
    }

    /** Users keep to a group of ten of sixty items; whoever counts pairs finds it. */
    @Test
    void itemNeighboursFindWhatGoesTogether() {
        History history = groups(1_200);

        Prequential.Result result = beside(history);

        // the item is one of the ten, less those had; by chance it would be among the first ten of sixty in one of six
        assertThat(result.all().itemNeighbours().recallAt(10)).isGreaterThan(0.9);
        assertThat(result.all().popularity().recallAt(10)).isLessThan(0.4);
    }

    @Test
    void everyPassOverTheWarmUpIsCountedAsLearnt() {
        History history = groups(400);

        Prequential.Result online = prequential(history).run(Prequential.Mode.ONLINE, false, ExamWitness.NONE);
        Prequential.Result frozen = prequential(history).run(Prequential.Mode.FROZEN, false, ExamWitness.NONE);

        // half of 400 twice, and the other half once
        assertThat(online.learnt()).isEqualTo(600);
        assertThat(frozen.learnt()).isEqualTo(400);
        assertThat(frozen.all().model().scored()).isEqualTo(online.all().model().scored());
    }

    @Test
    void exposuresThatWereNotClickedMoveNoBoundary() {
        History clicked = new History(Map.of("attribution.mode", "exposures"));
        History all = new History(History.EXPOSED);
        for (History history : List.of(clicked, all)) {
            history.items(10);
            for (int click = 0; click < 40; click++) {
                long time = History.START + click * History.HOUR;
                String user = "u" + click % 4;
                // three in four are shown in the first half, so that a boundary by examples would lie elsewhere
                if (click < 30) {
                    history.expose(user, "i" + (click + 5) % 10, time);
                }
                history.expose(user, "i" + click % 10, time).click(user, "i" + click % 10, time + 1);
            }
        }

        Prequential.Result without = prequential(clicked).run(Prequential.Mode.ONLINE, false, ExamWitness.NONE);
        Prequential.Result with = new Prequential(all.evaluation(HALF, History.trainer(History.EXPOSED)))
                .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE);

        assertThat(with.positives()).isEqualTo(without.positives()).isEqualTo(40);
        assertThat(with.all().model().scored())
                .isEqualTo(without.all().model().scored())
                .isEqualTo(20);
    }

    @Test
    void aSampleHasTheRanksThatItHasAmongAll() {
        History history = groups(8_000);
        Map<String, List<Double>> all = new HashMap<>();
        Map<String, List<Double>> some = new HashMap<>();

        for (Prequential.Mode mode : List.of(Prequential.Mode.ONLINE, Prequential.Mode.FROZEN)) {
            Prequential.Result whole = prequential(history).run(mode, false, History.into(all));
            Prequential.Result part = new Prequential(history.evaluation(HALF.with(1_000, 1), History.trainer()))
                    .run(mode, false, History.into(some));

            assertThat(part.share()).isEqualTo(0.25);
            assertThat(part.learnt()).isEqualTo(whole.learnt());
            assertThat(some).hasSizeBetween(900, 1_100);
            assertThat(all).containsAllEntriesOf(some);
            assertThat(part.all().model().scored()).isEqualTo(some.size());
            all.clear();
            some.clear();
        }
    }

    @Test
    void aSmallSampleHasEventsOfAShortLog() {
        Prequential.Result few = new Prequential(groups(8_000).evaluation(HALF.with(200, 1), History.trainer()))
                .run(Prequential.Mode.ONLINE, false, ExamWitness.NONE);

        assertThat(few.all().model().scored()).isBetween(100L, 400L);
    }

    @Test
    void blocksOfOneBatchGiveTheFiguresOfBatches() {
        History history = groups(400);
        for (Prequential.Mode mode : List.of(Prequential.Mode.ONLINE, Prequential.Mode.FROZEN)) {
            Map<String, List<Double>> plain = new HashMap<>();
            Map<String, List<Double>> blocks = new HashMap<>();

            Prequential.Result expected = prequential(history).run(mode, false, History.into(plain));
            Prequential.Result found = inBlocks(history, HALF, BATCH).run(mode, false, History.into(blocks));

            assertThat(blocks).isEqualTo(plain);
            assertThat(found).usingRecursiveComparison().isEqualTo(expected);
        }
    }

    /** The first half is 25 batches of eight; the second is learnt in blocks of four batches, the last of one. */
    @Test
    void aBlockIsRankedByTheModelOfItsBeginning() {
        History history = groups(400);
        PrequentialSettings once = new PrequentialSettings(1, 0.5, 1);
        Map<String, List<Double>> plain = new LinkedHashMap<>();
        Map<String, List<Double>> blocks = new LinkedHashMap<>();
        Map<String, List<Double>> nothingLearnt = new LinkedHashMap<>();

        Prequential.Result expected =
                inBlocks(history, once, 1).run(Prequential.Mode.ONLINE, false, History.into(plain));
        Prequential.Result found =
                inBlocks(history, once, 4 * BATCH).run(Prequential.Mode.ONLINE, false, History.into(blocks));
        inBlocks(history, once, 400).run(Prequential.Mode.ONLINE, false, History.into(nothingLearnt));

        List<String> clicks = History.all(history.examples()).stream()
                .map(TrainingExample::id)
                .toList();
        int same = 0;
        for (int at = 200; at < 400; at++) {
            String click = clicks.get(at);
            boolean isOfFirstBatch = (at - 200) % (4 * BATCH) < BATCH;
            if (isOfFirstBatch) { // plain, they are ranked by the same model
                assertThat(blocks.get(click)).as(click).isEqualTo(plain.get(click));
            } else if (blocks.containsKey(click) && blocks.get(click).equals(plain.get(click))) {
                same++;
            }
            if (at < 200 + 4 * BATCH) {
                assertThat(blocks.get(click)).as(click).isEqualTo(nothingLearnt.get(click));
            }
        }
        // of the others some keep their places, though the model has learnt up to three batches less
        assertThat(same).isLessThan(blocks.size() / 2);
        assertThat(blocks.keySet()).isEqualTo(plain.keySet());
        assertThat(blocks).isNotEqualTo(nothingLearnt);
        assertThat(found.learnt()).isEqualTo(expected.learnt()).isEqualTo(400);
        assertThat(found.withoutHistory()).isEqualTo(expected.withoutHistory()).isPositive();
    }

    @Test
    void aBlockFindsNoItemThatItNames() {
        History history = new History().items(10);
        for (int click = 0; click < 16 * BATCH; click++) {
            // 64 users click twice; in the second half each batch begins with an item that nobody announced
            boolean isNew = click >= 8 * BATCH && click % BATCH == 0;
            history.click("u" + click % (8 * BATCH), isNew ? "new" : "i" + click % 9, History.START + click * 1_000L);
        }
        PrequentialSettings once = new PrequentialSettings(1, 0.5, 1);
        List<String> plain = new ArrayList<>();
        List<String> blocks = new ArrayList<>();

        inBlocks(history, once, 1)
                .run(Prequential.Mode.ONLINE, false, (example, places, popular) -> plain.add(example.item()));
        inBlocks(history, once, 4 * BATCH)
                .run(Prequential.Mode.ONLINE, false, (example, places, popular) -> blocks.add(example.item()));

        // all batches but the first, and all blocks of four but the first
        assertThat(plain).filteredOn("new"::equals).hasSize(7);
        assertThat(blocks).filteredOn("new"::equals).hasSize(4);
    }

    private static Prequential inBlocks(History history, PrequentialSettings shares, int clicks) {
        return new Prequential(history.evaluation(shares.with(PrequentialSettings.QUERIES, clicks), History.trainer()));
    }

    /** Its batches end where nobody counted, an item and a user leave, and a budget pays for some of the exams. */
    @Test
    void aLogOfBatchesIsRankedAsItsLearnerRankedIt() {
        RecordedExamples events = groups(400).examples();
        TrainerSettings settings = History.trainer(Map.of("exam.every-batch-up-to", "0", "exam.budget", "1"));
        Map<String, List<Double>> learner = new HashMap<>();
        RecordedExamples log = new History().examples();
        try (Trainer trainer = new Trainer(settings, EntrySource.NONE, StepTimes.UNTIMED, History.into(learner))) {
            RecordedExamples.Reader items = events.reader();
            while (items.advance() && items.kind() == RecordedExamples.Kind.CHANGE) {
                items.change().items().forEach(trainer::change);
            }
            List<TrainingExample> clicks = History.all(events);
            for (int click = 0; click < 400; click++) {
                trainer.add(clicks.get(click));
                if (click == 200) {
                    trainer.change(new CatalogueChange.Removal("i7", History.START));
                    trainer.removeUser("u7");
                }
                if (trainer.isBatchReady() || (click % 5 == 0 && trainer.hasOpenWork())) {
                    MiniBatch batch = trainer.closeBatch();
                    log.batch(batch);
                    trainer.learn(batch);
                }
            }
        }
        Map<String, List<Double>> all = new HashMap<>();
        Map<String, List<Double>> second = new HashMap<>();

        logged(log, settings, 0).run(Prequential.Mode.LOGGED, false, History.into(all));
        Prequential.Result half = logged(log, settings, 0.5).run(Prequential.Mode.LOGGED, false, History.into(second));

        // of 320 clicks of users who have a history; an exam of sixty items costs more than a step pays
        assertThat(learner).hasSizeBetween(20, 200);
        assertThat(all).isEqualTo(learner);
        assertThat(half.all().model().scored()).isEqualTo(second.size()).isLessThan(all.size());
        assertThat(all).containsAllEntriesOf(second);
    }

    /** Three passes, which a log of batches does not have. */
    private static Prequential logged(RecordedExamples log, TrainerSettings settings, double warmUp) {
        return new Prequential(History.evaluation(new PrequentialSettings(1, warmUp, 3), log, settings));
    }

    private static Prequential prequential(History history) {
        return new Prequential(history.evaluation(HALF, History.trainer()));
    }

    /** The model beside item-kNN. */
    private static Prequential.Result beside(History history) {
        return prequential(history).run(Prequential.Mode.ONLINE, true, ExamWitness.NONE);
    }

    /** Sixty items in six groups; each user clicks or likes what is in theirs. */
    private static History groups(int clicks) {
        History history = new History().items(60);
        Random random = new Random(1);
        for (int click = 0; click < clicks; click++) {
            int user = random.nextInt(clicks / 5);
            String item = "i" + (10 * (user % 6) + random.nextInt(10));
            String action = random.nextInt(4) == 0 ? "like" : "click";
            history.act("u" + user, item, action, History.START + click * 1_000L);
        }
        return history;
    }
}
