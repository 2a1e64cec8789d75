package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.Mixture;
import dev.millrace.model.Mixture.Gradient;
import dev.millrace.model.Mixture.Lesson;
import dev.millrace.model.ModelEntry;
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
import dev.millrace.popularity.PriorWeights;
import dev.millrace.popularity.PriorWeights.Young;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MixtureLessonTest {

    private static final long HALF_AN_HOUR = 1_800_000;
    private static final long TIME = 1_700_000_000_000L;
    private static final int TAUGHT = 8; // the first step with a lesson
    private static final int HALF_LIVES = 3;
    private static final int SETS = HALF_LIVES + 1; // the last one is plain
    private static final ModelSettings MODEL = ModelSettings.read(new SettingsReader(Map.of("tower.dim", "8")));

    private final SplittableRandom random = new SplittableRandom(4);
    private final Catalogue catalogue = new Catalogue('C');
    private final FastPopularity popularity = new FastPopularity(
            new FastPopularity.Settings(List.of(Duration.ofDays(1), Duration.ofHours(6), Duration.ofMinutes(50)), 0.5),
            'F',
            catalogue);
    private final NeighbourLists neighbours =
            new NeighbourLists(new NeighbourSettings(10, Duration.ofDays(7)), catalogue, 'N', 'n', EntrySource.NONE, 0);
    private double budget;
    private ItemFacts facts = new ItemFacts(catalogue, popularity, neighbours, false);

    /** Of a small catalogue, all of whose items compete. */
    @Test
    void theGradientAgreesWithFiniteDifferences() {
        list(300);
        observeClicks();
        TwoTower model = taught();
        MiniBatch batch = batch(TAUGHT, examples());

        List<Lesson> lessons = lessons(batch, model);

        assertThat(lessons).hasSize(SETS);
        for (int which = 0; which < SETS; which++) {
            int halfLife = which;
            double a = model.mixture().towers(which);
            PriorWeights prior = model.mixture().prior(which);
            Gradient gradient = lessons.get(which).gradient();
            assertThat(gradient.towers())
                    .isCloseTo(difference(step -> surprise(batch, model, halfLife, a + step, prior)), within(1e-5));
            double[] ofPrior = parts(gradient.prior());
            for (int part = which < HALF_LIVES ? 0 : 3; part < ofPrior.length; part++) {
                double[] along = parts(prior);
                double from = along[part];
                int moved = part;
                double expected = difference(step -> {
                    along[moved] = from + step;
                    return surprise(
                            batch,
                            model,
                            halfLife,
                            a,
                            new PriorWeights(along[0], along[1], along[2], along[3]).withYoung(prior.young()));
                });
                assertThat(ofPrior[part]).isCloseTo(expected, within(1e-5));
                assertThat(Math.abs(ofPrior[part])).isGreaterThan(1e-3);
            }
            assertThat(Math.abs(gradient.towers())).isGreaterThan(1e-3);
        }
        assertThat(lessons.get(0).gradient()).isNotEqualTo(lessons.get(1).gradient());
        assertThat(lessons.get(1).gradient()).isNotEqualTo(lessons.get(2).gradient());
    }

    /** Items were clicked from not at all to more than 30 times. */
    @Test
    void youngWeightsAgreeWithFiniteDifferences() {
        list(300);
        observeClicks();
        popularity.observe(Collections.nCopies(25, Scenes.click("u", "i7", TIME)));
        TwoTower model = taught();
        MiniBatch batch = batch(TAUGHT, examples());

        List<Lesson> lessons = lessons(batch, model);

        for (int which = 0; which < HALF_LIVES; which++) {
            int set = which;
            PriorWeights prior = model.mixture().prior(which);
            Young gradient = lessons.get(which).gradient().prior().young();
            for (int weight = 0; weight < 2 * Young.KINDS; weight++) {
                int moved = weight;
                double expected = difference(step -> surprise(
                        batch,
                        model,
                        set,
                        model.mixture().towers(set),
                        prior.withYoung(moved(prior.young(), moved, step))));
                double found = moved < Young.KINDS
                        ? gradient.biases().get(moved)
                        : gradient.neighbours().get(moved - Young.KINDS);
                assertThat(found).isCloseTo(expected, within(1e-5));
                assertThat(found).isNotZero();
            }
        }
        assertThat(model.mixture().prior(HALF_LIVES).young()).isEqualTo(Young.NONE); // of the plain set
    }

    @Test
    void bonusesHaveTheMeritOfTheExactRanks() {
        list(300);
        observeClicks();
        budget = 0.1;
        TwoTower model = taught();
        MiniBatch batch = batch(TAUGHT, examples());

        List<Lesson> lessons = lessons(batch, model);

        int leader = model.mixture().leader();
        for (int bonus = 0; bonus < Mixture.BONUSES.size(); bonus++) {
            double raised = Mixture.BONUSES.get(bonus);
            double sum = 0;
            for (TrainingExample example : examined(batch)) {
                Map<String, Double> scores = scores(example, model, leader);
                scores.replaceAll((id, score) -> youth(Integer.parseInt(id.substring(1))) < 3 ? score + raised : score);
                double own = scores.getOrDefault(example.item(), 0.0);
                double better = (double)
                        scores.values().stream().filter(score -> score > own).count();
                sum += Math.log(2) / Math.log(2 + better);
            }
            assertThat(lessons.get(leader).bonusMerits().get(bonus))
                    .isCloseTo(sum / examined(batch).size(), within(1e-9));
        }
        assertThat(lessons.get(leader).bonusMerits()).doesNotHaveDuplicates();
        assertThat(lessons.get(leader + 1).bonusMerits()).isEmpty();
    }

    /** @param which of the biases, then of the weights of neighbours */
    private static Young moved(Young young, int which, double by) {
        List<Double> biases = new ArrayList<>(young.biases());
        List<Double> ofNeighbours = new ArrayList<>(young.neighbours());
        List<Double> all = which < Young.KINDS ? biases : ofNeighbours;
        all.set(which % Young.KINDS, all.get(which % Young.KINDS) + by);
        return new Young(biases, ofNeighbours);
    }

    @Test
    void theMeritIsTheMeanGainOfTheExactRanks() {
        list(300);
        observeClicks();
        TwoTower model = taught();
        MiniBatch batch = batch(TAUGHT, examples());

        List<Lesson> lessons = lessons(batch, model);

        for (int which = 0; which < SETS; which++) {
            double sum = 0;
            for (TrainingExample example : examined(batch)) {
                sum += 1 / (Math.log(1 + rank(example, model, which)) / Math.log(2));
            }
            assertThat(lessons.get(which).merit())
                    .isCloseTo(sum / examined(batch).size(), within(1e-9));
        }
        assertThat(lessons.stream().map(Lesson::merit)).doesNotHaveDuplicates();
    }

    @Test
    void itemsOfTheHistoryCompeteWhereTheyAreCandidates() {
        facts = new ItemFacts(catalogue, popularity, neighbours, true);

        theMeritIsTheMeanGainOfTheExactRanks();
    }

    /** By ranks of all items after each place was raised and lowered alone. An own item that is lowered is behind where it stood. */
    @Test
    void repeatsLearnTheSlopesOfTheExactRanks() {
        facts = new ItemFacts(catalogue, popularity, neighbours, true);
        list(300);
        observeClicks();
        TwoTower model = taught();
        MiniBatch batch = batch(TAUGHT, revisits());

        List<Lesson> lessons = lessons(batch, model);

        for (int which = 0; which < SETS; which++) {
            double[] expected = new double[PriorWeights.REPEATS];
            for (TrainingExample example : batch.examples()) {
                Map<String, Double> scores = scores(example, model, which);
                for (int place = 0; place < example.user().history().size(); place++) {
                    double slope = (merit(example, scores, place, 0.3) - merit(example, scores, place, -0.3)) / 0.6;
                    expected[PriorWeights.ofPlace(place)] -=
                            10 * slope / batch.examples().size();
                }
            }
            List<Double> found = lessons.get(which).gradient().prior().repeats();
            for (int weight = 0; weight < PriorWeights.REPEATS; weight++) {
                assertThat(found.get(weight)).isCloseTo(expected[weight], within(1e-9));
            }
            assertThat(found).filteredOn(slope -> slope != 0).hasSizeGreaterThan(PriorWeights.REPEATS / 2);
        }
    }

    /** Of an example if the item at a place of its history were moved. */
    private static double merit(TrainingExample example, Map<String, Double> scores, int place, double by) {
        Map<String, Double> moved = new HashMap<>(scores);
        String item = example.user().history().get(place);
        moved.computeIfPresent(item, (id, score) -> score + by);
        double own = moved.getOrDefault(example.item(), 0.0);
        double better =
                (double) moved.values().stream().filter(score -> score > own).count();
        boolean isLowered = by < 0 && item.equals(example.item());
        return Math.log(2) / Math.log(2 + better + (isLowered ? 1 : 0));
    }

    @Test
    void otherWeightsLearnWithoutHistory() {
        list(300);
        observeClicks();
        List<TrainingExample> revisits = revisits();
        List<TrainingExample> others = revisits.stream()
                .filter(example -> !example.user().history().contains(example.item()))
                .toList();
        TwoTower model = taught();
        double share = others.size() / (double) revisits.size();
        assertThat(share).isBetween(0.3, 0.7);

        List<Lesson> leftOut = lessons(batch(TAUGHT, others), model);
        facts = new ItemFacts(catalogue, popularity, neighbours, true);
        List<Lesson> answered = lessons(batch(TAUGHT, revisits), model);

        for (int which = 0; which < SETS; which++) {
            double[] expected = parts(leftOut.get(which).gradient().prior());
            double[] found = parts(answered.get(which).gradient().prior());
            for (int part = 0; part < expected.length; part++) {
                assertThat(found[part]).isCloseTo(share * expected[part], within(1e-5));
            }
            assertThat(answered.get(which).gradient().towers())
                    .isCloseTo(share * leftOut.get(which).gradient().towers(), within(1e-5));
            assertThat(leftOut.get(which).gradient().prior().repeats()).isEmpty();
        }
    }

    /** Half of them on items of their histories, which are of 25 items. */
    private List<TrainingExample> revisits() {
        List<TrainingExample> revisits = new ArrayList<>();
        for (int at = 0; at < 60; at++) {
            String[] history = random.ints(0, 150)
                    .distinct()
                    .limit(25)
                    .mapToObj(item -> "i" + item)
                    .toArray(String[]::new);
            String item = at % 2 == 0 ? history[random.nextInt(25)] : "i" + (150 + random.nextInt(150));
            revisits.add(Scenes.click("u", item, TIME, history));
        }
        return revisits;
    }

    @Test
    void largeCataloguesHaveFewerLessons() {
        list(8_193);
        TwoTower model = taught();

        List<Integer> taught = IntStream.rangeClosed(1, 64)
                .filter(step ->
                        MixtureLesson.of(batch(step, drawn(20)), model, facts).isPresent())
                .boxed()
                .toList();

        assertThat(taught).containsExactly(32, 64);
    }

    /**
     * With one example of which only the own item t is near to the history, the gradient of ν is n_t (p_t − 1). So the lesson's estimate of
     * Σ w e^z / e^z_t, which is 1 / p_t, is known, and from its merit that of the rank.
     */
    @Test
    void theSampleEstimatesSumAndRankWithoutBias() {
        int items = 3_000;
        int draws = 300;
        list(items);
        observeEach(1_000); // twice as many as are certain to be looked at
        TrainingExample example = Scenes.click("u", "i700", TIME, history(items));
        neighbours.observe(batch(1, List.of(Scenes.click("v", "i700", TIME, "i2999"))));
        assertThat(near(example)).containsOnlyKeys("i700");
        double nearness = near(example).getOrDefault("i700", 0.0);
        TwoTower model = taught();

        double[][] sums = new double[SETS][draws];
        double[][] ranks = new double[SETS][draws];
        for (int draw = 0; draw < draws; draw++) {
            List<Lesson> lessons = lessons(seeded(draw, example), model);
            for (int which = 0; which < SETS; which++) {
                Lesson lesson = lessons.get(which);
                sums[which][draw] = 1 / (1 + lesson.gradient().prior().neighbours() / nearness);
                ranks[which][draw] = Math.pow(2, 1 / lesson.merit()) - 1;
            }
        }

        for (int which = 0; which < SETS; which++) {
            double own = scores(example, model, which).getOrDefault("i700", 0.0);
            double sum = scores(example, model, which).values().stream()
                    .mapToDouble(score -> Math.exp(score - own))
                    .sum();
            assertThatMeanIs(sum, sums[which]);
            assertThatMeanIs(rank(example, model, which), ranks[which]);
        }
    }

    /** Within four standard errors, which are small. */
    private static void assertThatMeanIs(double expected, double[] found) {
        double mean = Arrays.stream(found).average().orElseThrow();
        double variance =
                Arrays.stream(found).map(each -> (each - mean) * (each - mean)).sum() / (found.length - 1);
        double standardError = Math.sqrt(variance / found.length);
        assertThat(standardError).isBetween(1e-4 * expected, 0.01 * expected);
        assertThat(mean).isCloseTo(expected, within(4 * standardError));
    }

    /** The gradients are Σ p x − x_t, and the example's own item was neither clicked nor is it near. */
    @Test
    void lastClickAndNeighboursCompeteWhateverIsDrawn() {
        list(3_000);
        popularity.observe(List.of(Scenes.click("w", "i500", TIME)));
        neighbours.observe(batch(1, List.of(Scenes.click("v", "i900", TIME, "i2999"))));
        TrainingExample example = Scenes.click("u", "i700", TIME, "i2999");
        assertThat(near(example)).containsOnlyKeys("i900");
        TwoTower model = taught();

        for (int draw = 0; draw < 10; draw++) {
            PriorWeights gradient =
                    lessons(seeded(draw, example), model).get(0).gradient().prior();
            assertThat(gradient.popularity()).isPositive();
            assertThat(gradient.neighbours()).isPositive();
        }
    }

    @Test
    void theSameSeedDrawsTheSameSample() {
        list(3_000);
        observeEach(1_000);
        TrainingExample example = Scenes.click("u", "i700", TIME, history(3_000));
        TwoTower model = taught();

        List<Lesson> lessons = lessons(seeded(7, example), model);

        assertThat(lessons(seeded(7, example), model)).isEqualTo(lessons);
        assertThat(lessons(seeded(8, example), model)).isNotEqualTo(lessons);
    }

    @Test
    void everyEighthStepHasALesson() {
        list(300);
        TwoTower model = taught();

        List<Integer> taught = IntStream.rangeClosed(1, 24)
                .filter(step ->
                        MixtureLesson.of(batch(step, drawn(20)), model, facts).isPresent())
                .boxed()
                .toList();

        assertThat(taught).containsExactly(8, 16, 24);
    }

    @Test
    void emptyHistoriesAndUnlistedItemsTeachNothing() {
        list(300);
        TwoTower model = taught();
        List<TrainingExample> silent = List.of(
                Scenes.click("new", "i1", TIME),
                Scenes.click("u", "never listed", TIME, "i2"),
                Scenes.weighing(1e-9, Scenes.click("spam", "i3", TIME, "i2")));

        assertThat(MixtureLesson.of(batch(TAUGHT, silent), model, facts)).isEmpty();

        List<TrainingExample> some = new ArrayList<>(drawn(20));
        List<Lesson> expected = lessons(batch(TAUGHT, some), model);
        some.addAll(silent);
        assertThat(lessons(batch(TAUGHT, some), model)).isEqualTo(expected);
    }

    /** No answer can have had them before the click. */
    @Test
    void clicksThatBroughtTheirItemThemselvesTeachNothing() {
        list(300);
        TwoTower model = taught();
        CatalogueItem brought = new CatalogueItem("brought", TIME, Features.NONE);
        catalogue.apply(new CatalogueChange.Upsert(brought, false));
        List<TrainingExample> examples = List.of(Scenes.click("u", "brought", TIME, "i2"));

        assertThat(MixtureLesson.of(
                        Batches.of(TAUGHT, List.of(new CatalogueChange.Upsert(brought, false)), examples),
                        model,
                        facts))
                .isEmpty();
        assertThat(MixtureLesson.of(
                        Batches.of(TAUGHT, List.of(new CatalogueChange.Upsert(brought)), examples), model, facts))
                .isPresent();
    }

    /** The towers learn first, and popularity counts the batch after that. */
    @Test
    void theMixtureLearnsFromTheModelAsItWasBeforeTheStep() {
        list(300);
        observeClicks();
        MiniBatch batch = batch(TAUGHT, examples());
        TwoTower model = taught();
        TwoTower expected = taught();
        byte[] before = mixture(expected);
        MixtureLesson.of(batch, expected, facts).orElseThrow().learn();

        facts.learn(batch, model);

        assertThat(mixture(model)).isEqualTo(mixture(expected)).isNotEqualTo(before);
    }

    private static byte[] mixture(TwoTower model) {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        model.drainDirty(EntrySink.into(stored));
        return stored.getOrDefault(ModelEntry.Kind.MIXTURE.key(), new byte[0]);
    }

    private List<Lesson> lessons(MiniBatch batch, TwoTower model) {
        return MixtureLesson.of(batch, model, facts).orElseThrow().lessons();
    }

    /** A model that has learnt a little, and of whose mixture no weight is 0 and no two half-lives' weights are equal. */
    private TwoTower taught() {
        TwoTower model = new TwoTower(
                MODEL,
                catalogue,
                StepEngine.alone(Engine.VECTOR),
                RowStorage.ON_THE_HEAP,
                StepTimes.UNTIMED,
                new Mixture(HALF_LIVES, 1, budget));
        SplittableRandom clicks = new SplittableRandom(5);
        model.learn(batch(1, drawn(60, clicks)));
        List<Lesson> lessons = IntStream.rangeClosed(1, SETS)
                .mapToObj(times -> new Lesson(
                        new Gradient(
                                0.01 * times,
                                new PriorWeights(0.03, 0.01, -0.01, -0.02)
                                        .withRepeats(slopes())
                                        .withYoung(new Young(
                                                List.of(0.02, -0.01, 0.01, -0.02), List.of(-0.01, 0.01, 0.02, -0.03)))
                                        .times(times)),
                        0))
                .toList();
        model.mixture().learn(lessons, 1);
        return model;
    }

    /** None where the history is left out. */
    private List<Double> slopes() {
        return IntStream.range(0, facts.isHistoryAnswered() ? PriorWeights.REPEATS : 0)
                .mapToObj(place -> 0.002 * (place - 4))
                .toList();
    }

    /** Lists i0 and so on, of the ages of a day. */
    private void list(int items) {
        for (int item = 0; item < items; item++) {
            long time = TIME - item % 50 * HALF_AN_HOUR;
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + item, time, Features.NONE)));
        }
    }

    /** Clicks of the last day, some on an item that has left the catalogue and is still in counts and lists. */
    private void observeClicks() {
        catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("gone", TIME, Features.NONE)));
        List<TrainingExample> clicks = new ArrayList<>();
        for (int click = 0; click < 400; click++) {
            long time = TIME - random.nextLong(48) * HALF_AN_HOUR;
            clicks.add(Scenes.click("u" + random.nextInt(20), click % 20 == 0 ? "gone" : item(), time, item(), item()));
        }
        facts.observe(batch(1, clicks));
        catalogue.apply(new CatalogueChange.Removal("gone", TIME, true));
    }

    /** One click or several on each of the first items, in an order of their own. */
    private void observeEach(int items) {
        List<TrainingExample> clicks = new ArrayList<>();
        for (int item = 0; item < items; item++) {
            for (int click = 0; click <= item % 7; click++) {
                clicks.add(Scenes.click("u", "i" + item, TIME - item * 37L % items * 60_000));
            }
        }
        popularity.observe(clicks);
    }

    /** Every fifth item from the last on: so many that it matters whether they compete. */
    private static String[] history(int items) {
        return IntStream.range(0, items / 5)
                .mapToObj(had -> "i" + (items - 1 - 5 * had))
                .toArray(String[]::new);
    }

    /** Some that teach, one of them by an item of its history, and two that do not. */
    private List<TrainingExample> examples() {
        List<TrainingExample> examples = new ArrayList<>(drawn(30));
        examples.add(Scenes.click("again", "i3", TIME, "i9", "i3"));
        examples.add(Scenes.click("new", "i1", TIME));
        examples.add(Scenes.click("u", "never listed", TIME, "i2"));
        return examples;
    }

    private List<TrainingExample> drawn(int count) {
        return drawn(count, random);
    }

    private static List<TrainingExample> drawn(int count, SplittableRandom random) {
        return IntStream.range(0, count)
                .mapToObj(at -> Scenes.click("u" + random.nextInt(20), item(random), TIME, item(random), item(random)))
                .toList();
    }

    private String item() {
        return item(random);
    }

    private static String item(SplittableRandom random) {
        return "i" + random.nextInt(1 + random.nextInt(150));
    }

    private static MiniBatch batch(long step, List<TrainingExample> examples) {
        return Batches.of(step, List.of(), examples);
    }

    private static MiniBatch seeded(long seed, TrainingExample example) {
        return Batches.of(TAUGHT, seed, List.of(), List.of(example), new float[1], List.of(), new float[0], 1_000);
    }

    private static double difference(DoubleUnaryOperator function) {
        double step = 1e-4;
        return (function.applyAsDouble(step) - function.applyAsDouble(-step)) / (2 * step);
    }

    /** [4] β, γ, δ and ν. */
    private static double[] parts(PriorWeights prior) {
        return new double[] {prior.popularity(), prior.age(), prior.newness(), prior.neighbours()};
    }

    /** The examples that teach. */
    private List<TrainingExample> examined(MiniBatch batch) {
        return batch.examples().stream()
                .filter(example -> !example.user().history().isEmpty() && catalogue.contains(example.item()))
                .toList();
    }

    /** Mean of −log likelihood over the examples, in double precision. */
    private double surprise(MiniBatch batch, TwoTower model, int which, double towers, PriorWeights prior) {
        double sum = 0;
        List<TrainingExample> examined = examined(batch);
        for (TrainingExample example : examined) {
            Map<String, Double> scores = scores(example, model, which, towers, prior);
            double all = scores.values().stream().mapToDouble(Math::exp).sum();
            sum += Math.log(all) - scores.getOrDefault(example.item(), 0.0);
        }
        return sum / examined.size();
    }

    private double rank(TrainingExample example, TwoTower model, int which) {
        Map<String, Double> scores = scores(example, model, which);
        double own = scores.getOrDefault(example.item(), 0.0);
        return 1 + scores.values().stream().filter(score -> score > own).count();
    }

    private Map<String, Double> scores(TrainingExample example, TwoTower model, int which) {
        return scores(
                example,
                model,
                which,
                model.mixture().towers(which),
                model.mixture().prior(which));
    }

    /** The scores of all candidates, and of the example's own item, each on its own. */
    private Map<String, Double> scores(
            TrainingExample example, TwoTower model, int which, double towers, PriorWeights prior) {
        float[] user = new float[8];
        model.userVectors(List.of(example.user()), List.of(example.context()), user);
        Map<String, Double> near = near(example);
        Map<String, Double> scores = new HashMap<>();
        for (int item = 0; item < catalogue.size(); item++) {
            String id = catalogue.itemAt(item);
            if (id.equals(example.item())
                    || facts.isHistoryAnswered()
                    || !example.user().history().contains(id)) {
                float[] vector = new float[8];
                model.itemVectors(List.of(id), vector);
                double cosine = 0;
                for (int d = 0; d < 8; d++) {
                    cosine += (double) user[d] * vector[d];
                }
                double age = Math.log1p(Integer.parseInt(id.substring(1)) % 50 * 0.5); // hours
                scores.put(
                        id,
                        towers * cosine / model.temperature()
                                + (which < HALF_LIVES
                                        ? prior.popularity()
                                                * popularity.number(
                                                        catalogue.number(id, Catalogue.NO_NUMBER), TIME, which)
                                        : 0)
                                + prior.age() * age
                                + prior.newness() * Math.min(age, 2)
                                + prior.bias(youth(item))
                                + prior.neighbours(youth(item)) * near.getOrDefault(id, 0.0)
                                + repeat(example, id, prior));
            }
        }
        return scores;
    }

    /** By the clicks that the numbers of an endless half-life count. */
    private int youth(int item) {
        double clicks = popularity.clicks(item);
        return clicks == 0 ? 0 : clicks <= 2 ? 1 : clicks <= 9 ? 2 : clicks <= 29 ? 3 : 4;
    }

    private static double repeat(TrainingExample example, String item, PriorWeights prior) {
        int place = example.user().history().indexOf(item);
        return place < 0 ? 0 : prior.repeat(place);
    }

    /** The numbers of what is near to an example's history. */
    private Map<String, Double> near(TrainingExample example) {
        return neighbours.near(example.user().history(), TIME, (items, numbers) -> {
            Map<String, Double> near = new TreeMap<>();
            for (int at = 0; at < items.length; at++) {
                near.put(catalogue.itemAt(items[at]), (double) numbers[at]);
            }
            return near;
        });
    }
}
