package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.model.Mixture;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Scenes;
import dev.millrace.model.TwoTower;
import dev.millrace.neighbour.Nearness;
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.neighbour.NeighbourSettings;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExaminerTest {

    private static final long HALF_AN_HOUR = 1_800_000;
    private static final long TIME = 1_700_000_000_000L;
    private static final int ITEMS = 150;
    private static final List<Double> WEIGHTS = List.of(0.75, 0.0, 0.3, 10.0); // the first is the settings' own
    private static final ModelSettings MODEL = ModelSettings.read(new SettingsReader(Map.of("tower.dim", "8")));

    private final SplittableRandom random = new SplittableRandom(4);
    private final Catalogue catalogue = new Catalogue('C');
    private final FastPopularity popularity =
            new FastPopularity(new FastPopularity.Settings(Duration.ofHours(6), 0.1), 'F', id -> id);
    private final NeighbourSettings neighbourSettings = new NeighbourSettings(10, Duration.ofDays(7));
    private final NeighbourLists neighbours =
            new NeighbourLists(neighbourSettings, catalogue, 'N', 'n', EntrySource.NONE, 0);
    private final ItemFacts facts = new ItemFacts(catalogue, popularity, neighbours);

    /** Of more examples than items, too. */
    @ParameterizedTest
    @ValueSource(ints = {60, 2 * ITEMS + 7})
    void everyWeightRanksAsScoringEachItemOnItsOwnDoes(int examples) {
        listAll();
        popularity.observe(batch(drawn(200)).counted());
        MiniBatch batch = batch(drawn(examples));
        TwoTower model = new TwoTower(MODEL, catalogue);
        Examiner examiner = examiner();

        examiner.examine(batch, model, facts);

        ExamTotals totals = examiner.totals();
        assertThat(totals.model()).usingRecursiveComparison().isEqualTo(reference(batch, model, WEIGHTS.get(0)));
        assertThat(totals.others()).hasSize(3);
        for (int at = 1; at < WEIGHTS.size(); at++) {
            assertThat(totals.others().get(at - 1))
                    .as("weight %s", WEIGHTS.get(at))
                    .usingRecursiveComparison()
                    .isEqualTo(reference(batch, model, WEIGHTS.get(at)));
        }
        assertThat(totals.model().hits()).isNotEqualTo(totals.others().get(0).hits());
    }

    @Test
    void whatIsNearToTheHistoryRanksAsScoringEachItemOnItsOwnDoes() {
        listAll();
        MiniBatch before = batch(drawn(300));
        popularity.observe(before.counted());
        neighbours.observe(before);
        MiniBatch batch = batch(drawn(60));
        TwoTower model = new TwoTower(MODEL, catalogue);
        GivenWeights alone = GivenWeights.OF_THE_TOWERS.withNeighbours(0.5);
        GivenWeights beside = alone.withPopularity(0.75);
        Examiner examiner = new Examiner(
                new ExamSettings(1, 5000, Duration.ofHours(6), alone, List.of(QueryWeights.of(beside)), true),
                'E',
                'e');

        examiner.examine(batch, model, facts);

        assertThat(examiner.totals().model()).usingRecursiveComparison().isEqualTo(reference(batch, model, 0, 0.5));
        assertThat(examiner.totals().others().get(0))
                .usingRecursiveComparison()
                .isEqualTo(reference(batch, model, 0.75, 0.5));
        assertThat(examiner.totalsOfTowers().model())
                .usingRecursiveComparison()
                .isEqualTo(reference(batch, model, 0, 0));
        assertThat(examiner.totals().model().hits())
                .isNotEqualTo(examiner.totalsOfTowers().model().hits());
    }

    @Test
    void onlyExamplesThatCountAreRanked() {
        listAll();
        List<TrainingExample> examples = new ArrayList<>(drawn(20));
        List<TrainingExample> spam = drawn(400).stream()
                .map(example -> Scenes.weighing(1e-9, example))
                .toList();
        examples.addAll(spam);
        Examiner examiner = examiner();
        TwoTower model = new TwoTower(MODEL, catalogue);

        var mixture = examiner.examine(batch(examples), model, facts);

        Examiner ofTheOthers = examiner();
        var expected = ofTheOthers.examine(batch(examples.subList(0, 20)), model, facts);
        assertThat(examiner.totals()).usingRecursiveComparison().isEqualTo(ofTheOthers.totals());
        assertThat(mixture).isEqualTo(expected).isPresent();
    }

    @Test
    void whatTheUserHadCompetesIfItIsNotLeftOut() {
        for (String item : List.of("target", "had", "other")) {
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE)));
        }
        TrainingExample example = Scenes.click("u", "target", TIME, "had");
        ExamSettings leftOut =
                new ExamSettings(1, 5000, Duration.ofHours(6), GivenWeights.OF_THE_TOWERS, List.of(), true);
        List<Double> places = new ArrayList<>();

        for (ExamSettings settings : List.of(leftOut, leftOut.withHistoryLeftOut(false))) {
            Examiner examiner = new Examiner(settings, 'E', 'e');
            examiner.observe(batch(List.of(Scenes.click("u", "had", TIME), example)));
            examiner.rank(
                    List.of(example),
                    new TwoTower(MODEL, catalogue),
                    facts,
                    (ranked, byModel, byPopularity) -> places.add(byPopularity));
            assertThat(examiner.totals()).isEqualTo(ExamTotals.NONE);
        }

        // by popularity had and target are equal, and other is behind them
        assertThat(places).containsExactly(1.0, 1.5);
    }

    @Test
    void weightsOfChannelsRankAsAModelOfThatChannelDoes() {
        listAll();
        MiniBatch batch = batch(drawn(60));
        ModelSettings channels = ModelSettings.read(new SettingsReader(
                Map.of("tower.dim", "8", "tower.channels", "one,other", "tower.channel.other.weight", "0")));
        QueryWeights other =
                new QueryWeights(GivenWeights.OF_THE_TOWERS, new TreeMap<>(Map.of("one", 0.0, "other", 1.0)));
        QueryWeights both =
                new QueryWeights(GivenWeights.OF_THE_TOWERS, new TreeMap<>(Map.of("one", 1.0, "other", 1.0)));
        Examiner examiner = new Examiner(
                new ExamSettings(
                        1,
                        2000,
                        Duration.ofHours(6),
                        GivenWeights.OF_THE_TOWERS,
                        List.of(other, both, QueryWeights.of(GivenWeights.OF_THE_TOWERS)),
                        true),
                'E',
                'e');
        TwoTower model = new TwoTower(channels, catalogue);
        model.learn(batch(drawn(60)));

        examiner.examine(batch, model, facts);

        ExamTotals totals = examiner.totals();
        List<RankingTotals> byWeights = new ArrayList<>(List.of(totals.model()));
        byWeights.addAll(totals.others());
        List<Map<String, Double>> weights = List.of(Map.of("other", 0.0), other.channels(), both.channels(), Map.of());
        for (int at = 0; at < weights.size(); at++) {
            assertThat(byWeights.get(at))
                    .as("weights %s", weights.get(at))
                    .usingRecursiveComparison()
                    .isEqualTo(byChannels(batch, model, weights.get(at)));
        }
        assertThat(totals.model().hits()).isNotEqualTo(totals.others().get(0).hits());
    }

    @Test
    void aCatalogueOfSeveralTilesRanksAsScoringEachItemOnItsOwnDoes() {
        // items are their category alone, and 300 categories come again in every tile: there are ties within and across
        // tiles
        int items = 2 * CatalogueScan.TILE + 77;
        for (int item = 0; item < items; item++) {
            Features category = Features.of(Map.of("category", new FeatureValue.Category("c" + item % 300)));
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + item, TIME, category)));
        }
        ModelSettings byCategory = ModelSettings.read(new SettingsReader(Map.of(
                "tower.dim", "8",
                "features.item", "category",
                "features.item.category.kind", "categorical",
                "features.user", "user",
                "features.item.category.dim", "8",
                "features.user.user.dim", "8")));
        List<TrainingExample> examples = new ArrayList<>();
        for (int at = 0; at < 150; at++) { // more users than are scored together
            String[] history = {"i" + at, "i" + (at + 300), "i" + (items - 1), "i" + random.nextInt(items)};
            examples.add(Scenes.click("u" + at, "i" + random.nextInt(items), TIME, history));
        }
        popularity.observe(batch(examples).counted());
        TwoTower model = new TwoTower(byCategory, catalogue);
        Examiner examiner = examiner();
        examiner.observe(batch(examples.subList(0, 100)));

        examiner.examine(batch(examples), model, facts);

        float[] vectors = new float[items * 8];
        model.itemVectors(IntStream.range(0, items).mapToObj(item -> "i" + item).toList(), vectors);
        RankingTotals expected = RankingTotals.NONE;
        RankingTotals expectedByPopularity = RankingTotals.NONE;
        double factor = WEIGHTS.get(0) * byCategory.loss().temperature();
        for (TrainingExample example : examples) {
            float[] user = new float[8];
            model.userVectors(List.of(example.user()), List.of(example.context()), user);
            int target = Integer.parseInt(example.item().substring(1));
            double place = 1;
            double popularPlace = 1;
            long clicks = clicks(examples, target);
            for (int item = 0; item < items; item++) {
                String other = "i" + item;
                if (item != target && !example.user().history().contains(other)) {
                    float score = score(user, vectors, item) + (float) (factor * popularity.number(other, TIME));
                    float mark =
                            score(user, vectors, target) + (float) (factor * popularity.number(example.item(), TIME));
                    place += score > mark ? 1 : score == mark ? 0.5 : 0;
                    long others = clicks(examples, item);
                    popularPlace += others > clicks ? 1 : others == clicks ? 0.5 : 0;
                }
            }
            expected = expected.plus(place);
            expectedByPopularity = expectedByPopularity.plus(popularPlace);
        }
        assertThat(examiner.totals().model()).usingRecursiveComparison().isEqualTo(expected);
        assertThat(examiner.totals().popularity()).usingRecursiveComparison().isEqualTo(expectedByPopularity);
        assertThat(expected.hits()[3]).isPositive();
    }

    private static long clicks(List<TrainingExample> examples, int item) {
        return examples.subList(0, 100).stream()
                .filter(example -> example.item().equals("i" + item))
                .count();
    }

    private static float score(float[] user, float[] vectors, int item) {
        float sum = 0;
        for (int d = 0; d < user.length; d++) {
            sum += user[d] * vectors[item * user.length + d];
        }
        return sum;
    }

    @Test
    void restoredItExaminesTheBatchesThatTheOtherDoes() {
        listAll();
        TwoTower model = new TwoTower(MODEL, catalogue);
        ExamSettings small = new ExamSettings(0.3, 0, Duration.ofHours(6), GivenWeights.OF_THE_TOWERS, List.of(), true);
        Examiner undisturbed = new Examiner(small, 'E', 'e');
        Examiner restarted = new Examiner(small, 'E', 'e');
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Set<Long> scored = new TreeSet<>();
        for (int step = 0; step < 60; step++) {
            MiniBatch batch = batch(drawn(20));
            undisturbed.examine(batch, model, facts);
            restarted.examine(batch, model, facts);
            restarted.drainDirty(EntrySink.into(stored));
            restarted = new Examiner(small, 'E', 'e');
            stored.forEach(restarted::restore);
            assertThat(restarted.totals()).usingRecursiveComparison().isEqualTo(undisturbed.totals());
            scored.add(undisturbed.totals().model().scored());
        }

        // some batches were examined, not all
        assertThat(scored).hasSizeBetween(3, 30);
    }

    @Test
    void theGradientOfTheMixtureAgreesWithFiniteDifferencesOfTheLikelihood() {
        int items = 1_500; // in two tiles
        List<float[]> vectors = new ArrayList<>();
        for (int item = 0; item < items; item++) {
            long time = TIME - item % 50 * HALF_AN_HOUR;
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + item, time, Features.NONE)));
        }
        MiniBatch before = batch(drawn(200));
        popularity.observe(before.counted());
        neighbours.observe(before);
        TwoTower model = new TwoTower(MODEL, catalogue);
        model.learn(batch(drawn(60)));
        model.mixture()
                .learn(new Mixture.Gradient(0.1, new PriorWeights(0.1, 0.1, -0.1, -0.1))); // so that no weight is 0
        MiniBatch batch = batch(drawn(30));
        for (int item = 0; item < items; item++) {
            float[] vector = new float[8];
            model.itemVectors(List.of("i" + item), vector);
            vectors.add(vector);
        }

        Mixture.Gradient gradient = examiner().examine(batch, model, facts).orElseThrow();

        double a = model.mixture().towers();
        PriorWeights prior = model.mixture().prior();
        ToDoubleBiFunction<Double, PriorWeights> surprise = (towers, beside) -> surprise(
                batch,
                model,
                vectors,
                towers,
                new PriorWeights(
                        prior.popularity() + beside.popularity(),
                        prior.age() + beside.age(),
                        prior.newness() + beside.newness(),
                        prior.neighbours() + beside.neighbours()));
        assertThat(gradient.towers())
                .isCloseTo(difference(step -> surprise.applyAsDouble(a + step, PriorWeights.NONE)), within(1e-5));
        double[] ofPrior = {
            gradient.prior().popularity(),
            gradient.prior().age(),
            gradient.prior().newness(),
            gradient.prior().neighbours()
        };
        for (int part = 0; part < ofPrior.length; part++) {
            double[] unit = new double[ofPrior.length];
            unit[part] = 1;
            PriorWeights along = new PriorWeights(unit[0], unit[1], unit[2], unit[3]);
            assertThat(ofPrior[part])
                    .isCloseTo(difference(step -> surprise.applyAsDouble(a, along.times(step))), within(1e-5));
        }
        assertThat(Math.abs(gradient.towers())).isGreaterThan(1e-3);
        assertThat(Math.abs(gradient.prior().neighbours())).isGreaterThan(1e-3);
        assertThat(Math.abs(gradient.prior().age())).isGreaterThan(1e-3);
    }

    /** The numbers of what is near to an example's history, each from its parts. */
    private Map<String, Double> near(TrainingExample example) {
        Map<String, Double> near = new TreeMap<>();
        neighbours.forEachNear(example.user().history(), TIME, (item, part) -> near.merge(item, part, Double::sum));
        near.replaceAll((item, nb) -> Nearness.number(nb));
        return near;
    }

    private static double difference(DoubleUnaryOperator function) {
        double step = 1e-4;
        return (function.applyAsDouble(step) - function.applyAsDouble(-step)) / (2 * step);
    }

    /** Mean of −log likelihood over the examples, in double precision. */
    private double surprise(MiniBatch batch, TwoTower model, List<float[]> vectors, double towers, PriorWeights prior) {
        double sum = 0;
        float[] user = new float[8];
        for (TrainingExample example : batch.examples()) {
            model.userVectors(List.of(example.user()), List.of(example.context()), user);
            Map<String, Double> near = near(example);
            double all = 0;
            double own = 0;
            for (int item = 0; item < vectors.size(); item++) {
                String id = "i" + item;
                boolean isTarget = id.equals(example.item());
                if (isTarget || !example.user().history().contains(id)) {
                    double cosine = 0;
                    for (int d = 0; d < 8; d++) {
                        cosine += (double) user[d] * vectors.get(item)[d];
                    }
                    double age = Math.log1p(item % 50 * 0.5); // hours
                    double score = towers * cosine / model.temperature()
                            + prior.popularity() * popularity.number(id, TIME)
                            + prior.age() * age
                            + prior.newness() * Math.min(age, 2)
                            + prior.neighbours() * near.getOrDefault(id, 0.0);
                    all += Math.exp(score);
                    own = isTarget ? score : own;
                }
            }
            sum += Math.log(all) - own;
        }
        return sum / batch.examples().size();
    }

    @Test
    void theTowersAloneAreRankedBesideTheMixture() {
        listAll();
        popularity.observe(batch(drawn(200)).counted());
        MiniBatch batch = batch(drawn(60));
        TwoTower model = new TwoTower(MODEL, catalogue);
        ExamSettings learned = new ExamSettings(
                1, 5000, Duration.ofHours(6), GivenWeights.NONE, List.of(QueryWeights.of(popularity(0.3))), true);
        Examiner examiner = new Examiner(learned, 'E', 'e');
        Examiner restored = new Examiner(learned, 'E', 'e');
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

        examiner.examine(batch, model, facts);
        examiner.drainDirty(EntrySink.into(stored));
        stored.forEach(restored::restore);

        assertThat(model.mixture().relative().popularity()).isEqualTo(1);
        for (Examiner each : List.of(examiner, restored)) {
            assertThat(each.totals().model()).usingRecursiveComparison().isEqualTo(reference(batch, model, 1));
            assertThat(each.totals().others()).hasSize(1);
            assertThat(each.totals().others().get(0))
                    .usingRecursiveComparison()
                    .isEqualTo(reference(batch, model, 0.3));
            assertThat(each.totalsOfTowers().model()).usingRecursiveComparison().isEqualTo(reference(batch, model, 0));
        }
    }

    private static GivenWeights popularity(double weight) {
        return GivenWeights.OF_THE_TOWERS.withPopularity(weight);
    }

    private static Examiner examiner() {
        ExamSettings settings = new ExamSettings(
                1,
                5000,
                Duration.ofHours(6),
                popularity(WEIGHTS.get(0)),
                WEIGHTS.stream()
                        .skip(1)
                        .map(weight -> QueryWeights.of(popularity(weight)))
                        .toList(),
                true);
        return new Examiner(settings, 'E', 'e');
    }

    /** Each item's score on its own. */
    private RankingTotals reference(MiniBatch batch, TwoTower model, double weight) {
        return reference(batch, model, weight, 0);
    }

    private RankingTotals reference(MiniBatch batch, TwoTower model, double weight, double ofNeighbours) {
        float nearWeight = (float) (ofNeighbours * MODEL.loss().temperature());
        return ranked(batch, example -> {
            Map<String, Double> near = near(example);
            float[] user = new float[8];
            model.userVectors(List.of(example.user()), List.of(example.context()), user);
            return item -> product(user, item, model)
                    + (float) (weight * MODEL.loss().temperature() * popularity.number(item, TIME))
                    + nearWeight * near.getOrDefault(item, 0.0).floatValue();
        });
    }

    /** Ranks by the inner products of the vectors that the model gives by these weights. */
    private static RankingTotals byChannels(MiniBatch batch, TwoTower model, Map<String, Double> weights) {
        return ranked(batch, example -> {
            float[] user = new float[model.dim()];
            model.userVectors(List.of(example.user()), List.of(example.context()), weights, user);
            return item -> product(user, item, model);
        });
    }

    private static RankingTotals ranked(MiniBatch batch, Function<TrainingExample, Function<String, Float>> scores) {
        RankingTotals totals = RankingTotals.NONE;
        for (TrainingExample example : batch.examples()) {
            Function<String, Float> score = scores.apply(example);
            float mark = score.apply(example.item());
            double place = 1;
            for (int item = 0; item < ITEMS; item++) {
                String other = "i" + item;
                if (!other.equals(example.item()) && !example.user().history().contains(other)) {
                    float found = score.apply(other);
                    place += found > mark ? 1 : found == mark ? 0.5 : 0;
                }
            }
            totals = totals.plus(place);
        }
        return totals;
    }

    private static float product(float[] user, String item, TwoTower model) {
        float[] vector = new float[model.dim()];
        model.itemVectors(List.of(item), vector);
        return score(user, vector, 0);
    }

    private void listAll() {
        for (int item = 0; item < ITEMS; item++) {
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + item, TIME, Features.NONE)));
        }
    }

    private List<TrainingExample> drawn(int count) {
        List<TrainingExample> examples = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            examples.add(example("i" + random.nextInt(1 + random.nextInt(ITEMS))));
        }
        return examples;
    }

    private TrainingExample example(String item) {
        String[] history = {"i" + random.nextInt(ITEMS), "i" + random.nextInt(ITEMS)};
        return Scenes.click("u" + random.nextInt(20), item, TIME, history);
    }

    private static MiniBatch batch(List<TrainingExample> examples) {
        return Batches.of(1, 1, List.of(), examples, new float[examples.size()], List.of(), new float[0], ITEMS);
    }
}
