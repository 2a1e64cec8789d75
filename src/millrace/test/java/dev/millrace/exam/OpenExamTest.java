package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.Mixture;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.RowStorage;
import dev.millrace.model.Scenes;
import dev.millrace.model.StepTimes;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.neighbour.NeighbourSettings;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exams that take more than one step. */
class OpenExamTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long HOUR = 3_600_000;
    private static final int ITEMS = 3_000;
    private static final int EVENTS = 20;
    private static final ModelSettings MODEL = ModelSettings.read(new SettingsReader(Map.of("tower.dim", "8")));
    private static final ExamSettings AT_ONCE =
            new ExamSettings(1, Integer.MAX_VALUE, Duration.ofHours(6), GivenWeights.NONE, List.of());
    private static final ExamSettings OPEN =
            new ExamSettings(100, 0, Duration.ofHours(6), GivenWeights.NONE, List.of());
    private static final int ITEMS_A_STEP = 300;

    private final SplittableRandom random = new SplittableRandom(4);
    private final Catalogue catalogue = new Catalogue('C');
    private final ItemFacts facts = new ItemFacts(
            catalogue,
            new FastPopularity(
                    new FastPopularity.Settings(List.of(Duration.ofHours(6), Duration.ofMinutes(1)), 0.1),
                    'F',
                    catalogue),
            new NeighbourLists(new NeighbourSettings(10, Duration.ofDays(7)), catalogue, 'N', 'n', EntrySource.NONE, 0),
            false);
    private final TwoTower model = new TwoTower(
            MODEL,
            catalogue,
            StepEngine.alone(Engine.VECTOR),
            RowStorage.ON_THE_HEAP,
            StepTimes.UNTIMED,
            new Mixture(2, 0));
    private final Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
    private long steps;

    OpenExamTest() {
        for (int item = 0; item < ITEMS; item++) {
            list(item);
        }
        for (int warm = 0; warm < 10; warm++) {
            MiniBatch batch = drawn();
            model.learn(batch);
            facts.observe(batch);
        }
    }

    @Test
    void itRanksAsOneAtOnceIfNothingChangesMeanwhile() {
        MiniBatch batch = drawn();
        Examiner atOnce = new Examiner(AT_ONCE, 'E', 'e', ExamWitness.NONE, catalogue);
        Examiner open = open(OPEN);
        atOnce.examine(batch, model, facts);

        open.examine(batch, model, facts);
        int taken = 1;
        for (; open.totals().model().scored() == 0; taken++) {
            open.examine(drawn(), model, facts);
        }

        assertThat(taken).isEqualTo(ITEMS / ITEMS_A_STEP);
        assertThat(open.totals()).usingRecursiveComparison().isEqualTo(atOnce.totals());
        assertThat(open.totals().model().scored()).isEqualTo(EVENTS);
        assertThat(open.totalsOfTowers()).usingRecursiveComparison().isEqualTo(atOnce.totalsOfTowers());
    }

    /** Whether or not it is restarted then. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itGoesOnByTheHalfLifeThatLedWhenItBegan(boolean isRestarted) {
        List<TrainingExample> events = IntStream.range(0, EVENTS)
                .mapToObj(at -> Scenes.click("u" + at, "i" + (1_000 + at), TIME, item()))
                .toList();
        facts.popularity() // an hour ago the events' items were popular, now they are not
                .observe(events.stream()
                        .map(event -> Scenes.click("before", event.item(), TIME - HOUR))
                        .toList());
        MiniBatch batch = batch(events);
        RankingTotals expected = totals(batch);
        Examiner open = open(OPEN);
        open.examine(batch, model, facts);
        open.drainDirty(EntrySink.into(stored));
        Mixture.Gradient still = new Mixture.Gradient(0, PriorWeights.NONE);
        model.mixture()
                .learn(
                        List.of(
                                new Mixture.Lesson(still, 0),
                                new Mixture.Lesson(still, 1),
                                new Mixture.Lesson(still, 0)),
                        100);
        assertThat(model.mixture().leader()).isEqualTo(1);

        Examiner goingOn = isRestarted ? restored(OPEN) : open;
        finish(goingOn);

        assertThat(goingOn.totals().model()).usingRecursiveComparison().isEqualTo(expected);
        assertThat(totals(batch).hits()).isNotEqualTo(expected.hits()); // as the other half-life ranks
    }

    @Test
    void itemsKeepTheAgeOfTheExamsBeginning() {
        List<TrainingExample> events = IntStream.range(0, EVENTS)
                .mapToObj(at -> Scenes.click("u" + at, "i" + (ITEMS + at), TIME, item()))
                .toList();
        for (int at = 0; at < EVENTS; at++) { // 0, 2, 4, … hours old, after 0, 1, 2, … clicks
            list(ITEMS + at, TIME - 2L * at * HOUR);
            facts.popularity().observe(Collections.nCopies(at, events.get(at)));
        }
        Examiner undisturbed = open(OPEN);
        Examiner begun = open(OPEN);
        undisturbed.examine(batch(events), model, facts);
        begun.examine(batch(events), model, facts);
        begun.drainDirty(EntrySink.into(stored));
        Examiner restarted = restored(OPEN);

        for (int at = 0; at < EVENTS; at++) { // the old ones become young, and all have been clicked
            list(ITEMS + at, TIME - (at < 10 ? 30 * HOUR : 0));
            facts.popularity().observe(Collections.nCopies(10, events.get(at)));
        }
        finish(undisturbed);
        finish(restarted);

        Map<Youth, Long> scored =
                Map.of(Youth.WITHIN_AN_HOUR, 1L, Youth.WITHIN_A_DAY, 12L, Youth.BEFORE_TEN_CLICKS, 10L);
        for (Examiner each : List.of(undisturbed, restarted)) {
            scored.forEach((youth, count) ->
                    assertThat(each.totals().young(youth).model().scored()).isEqualTo(count));
        }
        assertThat(restarted.totals()).usingRecursiveComparison().isEqualTo(undisturbed.totals());
    }

    /** Returns the totals of a batch's events in an exam at once. */
    private RankingTotals totals(MiniBatch batch) {
        Examiner atOnce = new Examiner(AT_ONCE, 'E', 'e', ExamWitness.NONE, catalogue);
        atOnce.examine(batch, model, facts);
        return atOnce.totals().model();
    }

    @Test
    void passingItemsRankAsInTheEnd() {
        List<TrainingExample> events = new ArrayList<>();
        for (TrainingExample example : drawn().examples()) { // leaves out items that the first step has not come to
            String[] history = IntStream.range(0, 30)
                    .mapToObj(had -> "i" + (2_000 + random.nextInt(1_000)))
                    .toArray(String[]::new);
            events.add(Scenes.click(example.user().user(), example.item(), TIME, history));
        }
        MiniBatch batch = batch(events);
        List<String> own = events.stream().map(TrainingExample::item).toList();
        List<List<Double>> places = new ArrayList<>();
        Examiner open = new Examiner(
                OPEN, ITEMS_A_STEP, 'E', 'e', (event, byModel, byPopularity) -> places.add(byModel), catalogue);
        open.examine(batch, model, facts);
        for (int item = 2_000; item < ITEMS; item++) {
            if (random.nextInt(3) == 0 && !own.contains("i" + item)) {
                remove(item);
            }
        }
        for (int item = ITEMS; item < ITEMS + 100; item++) {
            list(item);
        }
        finish(open);

        List<List<Double>> expected = new ArrayList<>();
        new Examiner(AT_ONCE, 'E', 'e', (event, byModel, byPopularity) -> expected.add(byModel), catalogue)
                .examine(batch, model, facts);
        assertThat(places).hasSize(EVENTS).isEqualTo(expected);
    }

    @Test
    void anEventWhoseItemHasGoneIsRankedByTheScoreThatItHad() {
        MiniBatch batch = drawn();
        Examiner atOnce = new Examiner(AT_ONCE, 'E', 'e', ExamWitness.NONE, catalogue);
        Examiner open = open(OPEN);
        atOnce.examine(batch, model, facts);
        open.examine(batch, model, facts);
        String last = batch.examples().stream()
                .map(TrainingExample::item)
                .max(Comparator.comparing(OpenExamTest::number))
                .orElseThrow();
        assertThat(number(last)).isGreaterThan(1_000); // the first step has not come to it

        remove(number(last));
        finish(open);

        // others rank without the one that has gone: a place before, at most
        assertThat(open.totals().model().scored()).isEqualTo(EVENTS);
        assertThat(open.totals().model().gain10())
                .isBetween(
                        atOnce.totals().model().gain10(),
                        atOnce.totals().model().gain10() + 1);
    }

    /** Where the budget pays for every exam, and where it is saved for some steps. */
    @ParameterizedTest
    @ValueSource(doubles = {100, 1})
    void restartedAtEachStepItHasTheSameTotalsToTheBit(double budget) {
        ExamSettings settings = new ExamSettings(budget, 0, Duration.ofHours(6), GivenWeights.NONE, List.of());
        Examiner undisturbed = open(settings);
        Examiner restarted = open(settings);
        for (int step = 0; step < 120; step++) {
            MiniBatch batch = drawn();

            undisturbed.examine(batch, model, facts);
            restarted.examine(batch, model, facts);

            assertThat(restarted.totals()).usingRecursiveComparison().isEqualTo(undisturbed.totals());

            undisturbed.observe(batch);
            restarted.observe(batch);
            model.learn(batch);
            facts.observe(batch);
            remove(random.nextInt(ITEMS));
            list(random.nextInt(ITEMS));
            restarted.drainDirty(EntrySink.into(stored));
            restarted = restored(settings);
        }
        assertThat(undisturbed.totals().model().scored()).isBetween(2L * EVENTS, 30L * EVENTS);
    }

    /** The weights of repeats are those of its beginning, too. */
    @Test
    void restartedItStillRanksWhatUsersHad() {
        ItemFacts answered = new ItemFacts(catalogue, facts.popularity(), facts.neighbours(), true);
        for (int lesson = 0; lesson < 40; lesson++) {
            model.mixture().learn(ofRepeats(-1), 1);
        }
        MiniBatch batch = batch(drawn().examples().stream()
                .map(click -> Scenes.click(click.user().user(), click.item(), TIME, item(), click.item(), item()))
                .toList());
        Examiner atOnce = new Examiner(AT_ONCE, 'E', 'e', ExamWitness.NONE, catalogue);
        Examiner open = open(OPEN);
        atOnce.examine(batch, model, answered);
        open.examine(batch, model, answered);
        open.drainDirty(EntrySink.into(stored));
        for (int lesson = 0; lesson < 80; lesson++) {
            model.mixture().learn(ofRepeats(1), 1);
        }

        Examiner restored = restored(OPEN);
        while (restored.totals().model().scored() == 0) {
            restored.examine(drawn(), model, answered);
        }

        assertThat(restored.totals()).usingRecursiveComparison().isEqualTo(atOnce.totals());
        Examiner later = new Examiner(AT_ONCE, 'E', 'e', ExamWitness.NONE, catalogue);
        later.examine(batch, model, answered);
        assertThat(later.totals().model().gain10())
                .isNotEqualTo(atOnce.totals().model().gain10());
    }

    @Test
    void restartedItStillLeavesOutWhatUsersPassed() {
        List<String> half = IntStream.range(catalogue.size() / 2, catalogue.size())
                .mapToObj(catalogue::itemAt)
                .toList();
        MiniBatch batch = Scenes.each(drawn(), click -> Scenes.passing(half, click));
        Examiner atOnce = new Examiner(AT_ONCE, 'E', 'e', ExamWitness.NONE, catalogue);
        Examiner open = open(OPEN);
        atOnce.examine(batch, model, facts);
        open.examine(batch, model, facts);
        open.drainDirty(EntrySink.into(stored));

        Examiner restored = restored(OPEN);
        while (restored.totals().model().scored() == 0) {
            restored.examine(drawn(), model, facts);
        }

        assertThat(restored.totals()).usingRecursiveComparison().isEqualTo(atOnce.totals());
        assertThat(restored.totals().model().gain10()).isPositive();
    }

    private static List<Mixture.Lesson> ofRepeats(double slope) {
        PriorWeights slopes = PriorWeights.NONE.withRepeats(Collections.nCopies(PriorWeights.REPEATS, slope));
        return Collections.nCopies(3, new Mixture.Lesson(new Mixture.Gradient(0, slopes), 0));
    }

    @Test
    void whenItHasEndedNothingIsStoredOfIt() {
        Examiner open = open(OPEN);
        boolean wasStored = false;

        for (boolean hasEnded = false; !hasEnded; ) {
            open.examine(drawn(), model, facts);
            hasEnded = open.totals().model().scored() > 0;
            open.drainDirty(EntrySink.into(stored));
            wasStored |= stored.containsKey(new byte[] {'E', 3});
        }

        assertThat(wasStored).isTrue();
        assertThat(stored.keySet()).noneMatch(key -> key[0] == 'E' && key[1] > 2);
    }

    @Test
    void anErasedUserLeavesItAndTheStore() {
        MiniBatch batch = drawn();
        TrainingExample first = batch.examples().get(0);
        String user = first.user().user();
        Examiner open = open(OPEN);
        open.examine(batch, model, facts);
        open.drainDirty(EntrySink.into(stored));
        assertThat(stored.values()).anyMatch(value -> text(value).contains(user));

        open.removeUser(user, model, facts);
        open.drainDirty(EntrySink.into(stored));

        assertThat(stored.values()).noneMatch(value -> text(value).contains(user));
        Examiner restored = restored(OPEN);
        for (Examiner each : List.of(open, restored)) {
            finish(each);
            assertThat(each.totals().model().scored())
                    .isEqualTo(batch.examples().stream()
                            .filter(example -> !example.user().user().equals(user))
                            .count());
        }
    }

    @Test
    void anExamOfOtherWeightsIsGivenUp() {
        Examiner open = open(OPEN);
        MiniBatch first = drawn();
        open.examine(first, model, facts);
        open.drainDirty(EntrySink.into(stored));
        ExamSettings other = new ExamSettings(0, 0, Duration.ofHours(6), GivenWeights.OF_THE_TOWERS, List.of());
        Examiner restored = restored(other);

        for (int step = 0; step < 2 * ITEMS / ITEMS_A_STEP; step++) {
            restored.examine(drawn(), model, facts);
        }

        restored.drainDirty(EntrySink.into(stored));
        assertThat(restored.totals().model().scored()).isZero();
        assertThat(stored.keySet()).noneMatch(key -> key[0] == 'E' && key[1] > 2);
    }

    @Test
    void openExamsEndIfEveryBatchIsExamined() {
        Examiner open = open(OPEN);
        open.examine(drawn(), model, facts);
        open.drainDirty(EntrySink.into(stored));
        Examiner restored = restored(AT_ONCE);

        restored.examine(drawn(), model, facts);
        restored.examine(drawn(), model, facts);

        restored.drainDirty(EntrySink.into(stored));
        assertThat(restored.totals().model().scored()).isEqualTo(2 * EVENTS);
        assertThat(stored.keySet()).noneMatch(key -> key[0] == 'E' && key[1] > 2);
    }

    private Examiner open(ExamSettings settings) {
        return new Examiner(settings, ITEMS_A_STEP, 'E', 'e', ExamWitness.NONE, catalogue);
    }

    private Examiner restored(ExamSettings settings) {
        Examiner restored = open(settings);
        stored.forEach(restored::restore);
        return restored;
    }

    private void finish(Examiner open) {
        while (open.totals().model().scored() == 0) {
            open.examine(drawn(), model, facts);
        }
    }

    private void list(int item) {
        list(item, TIME);
    }

    private void list(int item, long time) {
        catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + item, time, Features.NONE)));
    }

    private void remove(int item) {
        catalogue.apply(new CatalogueChange.Removal("i" + item, TIME, true));
        facts.remove("i" + item);
    }

    private static int number(String item) {
        return Integer.parseInt(item.substring(1));
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.ISO_8859_1);
    }

    private MiniBatch drawn() {
        List<TrainingExample> examples = new ArrayList<>();
        while (examples.size() < EVENTS) {
            String item = item();
            if (catalogue.contains(item)) {
                examples.add(Scenes.click("user" + random.nextInt(1_000_000), item, TIME, item(), item(), item()));
            }
        }
        return batch(examples);
    }

    private MiniBatch batch(List<TrainingExample> examples) {
        return Batches.of(++steps, List.of(), examples);
    }

    /** Items of small numbers come more often. */
    private String item() {
        return "i" + random.nextInt(1 + random.nextInt(ITEMS));
    }
}
