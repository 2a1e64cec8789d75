package dev.millrace.exam;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

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
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.neighbour.NeighbourSettings;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.popularity.GivenWeights;
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
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.RecursiveComparisonAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExaminerTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long HOUR = 3_600_000;
    private static final int ITEMS = 150;
    private static final List<Double> WEIGHTS = List.of(0.75, 0.0, 0.3, 10.0); // the first is the settings' own
    private static final ModelSettings MODEL = ModelSettings.read(new SettingsReader(Map.of("tower.dim", "8")));

    private final SplittableRandom random = new SplittableRandom(4);
    private final Catalogue catalogue = new Catalogue('C');
    private final FastPopularity popularity =
            new FastPopularity(new FastPopularity.Settings(List.of(Duration.ofHours(6)), 0.1), 'F', catalogue);
    private final NeighbourSettings neighbourSettings = new NeighbourSettings(10, Duration.ofDays(7));
    private final NeighbourLists neighbours =
            new NeighbourLists(neighbourSettings, catalogue, 'N', 'n', EntrySource.NONE, 0);
    private final ItemFacts facts = new ItemFacts(catalogue, popularity, neighbours, false);

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
        assertThatRanks(totals.model()).isEqualTo(reference(batch, model, WEIGHTS.get(0)));
        assertThat(totals.others()).hasSize(3);
        for (int at = 1; at < WEIGHTS.size(); at++) {
            assertThatRanks(totals.others().get(at - 1)).isEqualTo(reference(batch, model, WEIGHTS.get(at)));
        }
        assertThat(totals.model().hits()).isNotEqualTo(totals.others().get(0).hits());
    }

    @Test
    void neighboursRankAsScoringEachItemAlone() {
        listAll();
        MiniBatch before = batch(drawn(300));
        popularity.observe(before.counted());
        neighbours.observe(before);
        MiniBatch batch = batch(drawn(60));
        TwoTower model = new TwoTower(MODEL, catalogue);
        GivenWeights alone = GivenWeights.OF_THE_TOWERS.withNeighbours(0.5);
        GivenWeights beside = alone.withPopularity(0.75);
        Examiner examiner = examiner(settings(alone, beside));

        examiner.examine(batch, model, facts);

        assertThatRanks(examiner.totals().model()).isEqualTo(reference(batch, model, 0, 0.5));
        assertThatRanks(examiner.totals().others().get(0)).isEqualTo(reference(batch, model, 0.75, 0.5));
        assertThatRanks(examiner.totalsOfTowers().model()).isEqualTo(reference(batch, model, 0, 0));
        assertThat(examiner.totals().model().hits())
                .isNotEqualTo(examiner.totalsOfTowers().model().hits());
    }

    @Test
    void repeatsRankAsScoringEachItemAlone() {
        listAll();
        MiniBatch batch = batch(IntStream.range(0, 60)
                .mapToObj(at -> example("i" + at % 7))
                .map(each -> Scenes.click(
                        each.user().user(), each.item(), TIME, "i1", "i4", "i" + random.nextInt(ITEMS), "i2"))
                .toList());
        TwoTower model = new TwoTower(MODEL, catalogue);
        PriorWeights slopes = PriorWeights.NONE.withRepeats(Stream.iterate(-1.0, slope -> slope + 0.2)
                .limit(PriorWeights.REPEATS)
                .toList());
        for (int lesson = 0; lesson < 9; lesson++) {
            model.mixture().learn(List.of(new Mixture.Lesson(new Mixture.Gradient(0, slopes), 0)), 1);
        }
        ItemFacts answered = new ItemFacts(catalogue, popularity, neighbours, true);
        GivenWeights given = new GivenWeights(OptionalDouble.of(0), OptionalDouble.empty());
        Examiner examiner = examiner(settings(given));

        examiner.examine(batch, model, answered);

        PriorWeights weights = model.mixture().relative().times(model.temperature());
        assertThat(weights.repeat(0)).isNotEqualTo(weights.repeat(1));
        Map<String, float[]> vectors = vectors(model);
        Function<Boolean, RankingTotals> expected = isRaised -> ranked(batch, false, example -> {
            float[] user = new float[model.dim()];
            model.userVectors(List.of(example.user()), List.of(example.context()), user);
            return item -> {
                int place = example.user().history().indexOf(item);
                return product(user, vectors.getOrDefault(item, user))
                        + (isRaised && place >= 0 ? (float) weights.repeat(place) : 0);
            };
        });
        assertThatRanks(examiner.totals().model()).isEqualTo(expected.apply(true));
        assertThatRanks(examiner.totalsOfTowers().model()).isEqualTo(expected.apply(false));
        assertThat(expected.apply(true).hits())
                .isNotEqualTo(expected.apply(false).hits());
    }

    /** Of 0, 2, 4, … clicks so far. */
    @Test
    void youngItemsRankAsScoringEachItemAlone() {
        listAll();
        for (int item = 0; item < 40; item++) {
            popularity.observe(Collections.nCopies(2 * item, Scenes.click("u", "i" + item, TIME - HOUR)));
        }
        MiniBatch before = batch(drawn(300));
        neighbours.observe(before);
        MiniBatch batch = batch(drawn(60));
        TwoTower model = new TwoTower(MODEL, catalogue);
        Young slopes = new Young(List.of(-1.0, 0.7, -0.3, 0.5), List.of(0.2, -0.6, -0.2, 0.1));
        model.mixture()
                .learn(
                        List.of(new Mixture.Lesson(
                                new Mixture.Gradient(0, new PriorWeights(1, 0, 0, -1).withYoung(slopes)), 0)),
                        1);
        Examiner examiner = examiner(settings(GivenWeights.NONE));

        examiner.examine(batch, model, facts);

        PriorWeights weights = model.mixture().relative().times(model.temperature());
        Map<String, float[]> vectors = vectors(model);
        RankingTotals expected = ranked(batch, example -> {
            Map<String, Double> near = near(example);
            float[] user = new float[model.dim()];
            model.userVectors(List.of(example.user()), List.of(example.context()), user);
            return item -> {
                int number = catalogue.number(item, Catalogue.NO_NUMBER);
                int youth = Young.youth(popularity.clicks(number));
                double own = weights.popularity() * popularity.number(number, TIME, 0) + weights.bias(youth);
                return product(user, vectors.getOrDefault(item, user))
                        + (float) own
                        + (float) weights.neighbours(youth)
                                * near.getOrDefault(item, 0.0).floatValue();
            };
        });
        assertThatRanks(examiner.totals().model()).isEqualTo(expected);
        assertThat(weights.bias(0)).isPositive();
        assertThat(weights.neighbours(1)).isGreaterThan(weights.neighbours(0));
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

        examiner.examine(batch(examples), model, facts);

        Examiner ofTheOthers = examiner();
        ofTheOthers.examine(batch(examples.subList(0, 20)), model, facts);
        assertThat(examiner.totals()).usingRecursiveComparison().isEqualTo(ofTheOthers.totals());
        assertThat(examiner.totals().model().scored()).isEqualTo(20);
    }

    @Test
    void whatTheUserHadCompetesIfItIsNotLeftOut() {
        for (String item : List.of("target", "had", "other")) {
            list(item, TIME);
        }
        TrainingExample example = Scenes.click("u", "target", TIME, "had");
        List<Double> places = new ArrayList<>();

        for (boolean isAnswered : List.of(false, true)) {
            Examiner examiner = examiner(settings(GivenWeights.OF_THE_TOWERS));
            examiner.observe(batch(List.of(Scenes.click("u", "had", TIME), example)));
            examiner.rank(
                    List.of(example),
                    new TwoTower(MODEL, catalogue),
                    new ItemFacts(catalogue, popularity, neighbours, isAnswered),
                    (ranked, byModel, byPopularity) -> places.add(byPopularity));
            assertThat(examiner.totals()).isEqualTo(ExamTotals.NONE);
        }

        // by popularity had and target are equal, and other is behind them
        assertThat(places).containsExactly(1.0, 1.5);
    }

    @Test
    void whatTheUserHidOrPassedIsLeftOutAndNotFound() {
        for (String item : List.of("target", "more", "other")) {
            list(item, TIME);
        }
        TrainingExample click = Scenes.click("u", "target", TIME);
        List<TrainingExample> events =
                List.of(click, Scenes.passing(List.of("more"), click), Scenes.passing(List.of("target"), click));
        Examiner examiner = examiner(settings(GivenWeights.OF_THE_TOWERS));
        examiner.observe(batch(List.of(
                Scenes.click("u", "more", TIME), Scenes.click("v", "more", TIME), Scenes.click("u", "target", TIME))));
        List<Double> popular = new ArrayList<>();
        List<Double> found = new ArrayList<>();

        for (TrainingExample event : events) {
            examiner.rank(List.of(event), new TwoTower(MODEL, catalogue), facts, (ranked, byModel, byPopularity) -> {
                popular.add(byPopularity);
                found.add(byModel.get(0));
            });
        }

        assertThat(popular).containsExactly(2.0, 1.0, 3.0);
        assertThat(found.get(2)).isEqualTo(3);
        assertThat(Examinee.of(events.get(1), Set.of()).leftOut()).containsExactly("more");
    }

    /** Its vectors are kept from the second time on. Meanwhile items come and go, and one has other features; then the model learns. */
    @Test
    void aFrozenModelRanksByTheCurrentCatalogue() {
        listAll();
        TwoTower model = new TwoTower(
                ModelSettings.read(new SettingsReader(Map.of(
                        "tower.dim",
                        "8",
                        "features.item",
                        "item,category",
                        "features.item.category.kind",
                        "categorical"))),
                catalogue);
        model.learn(batch(drawn(60)));
        List<TrainingExample> events = drawn(60);
        Examiner examiner = examiner();
        List<Runnable> changes = List.of(
                () -> {},
                () -> {},
                () -> list("new", TIME),
                () -> catalogue.apply(new CatalogueChange.Removal(catalogue.itemAt(0), TIME)),
                () -> categorise(10),
                () -> model.learn(batch(drawn(60))),
                () -> {});

        changes.forEach(change -> {
            change.run();
            List<TrainingExample> there = events.stream()
                    .filter(event -> catalogue.contains(event.item()))
                    .toList();
            assertThat(places(examiner, there, model)).isEqualTo(places(examiner(), there, model));
        });
    }

    private void categorise(int items) {
        Features category = Features.of(Map.of("category", new FeatureValue.Category("other")));
        for (int number = 0; number < items; number++) {
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem(catalogue.itemAt(number), TIME, category)));
        }
    }

    private List<List<Double>> places(Examiner examiner, List<TrainingExample> events, TwoTower model) {
        List<List<Double>> places = new ArrayList<>();
        examiner.rank(events, model, facts, (event, byModel, byPopularity) -> places.add(byModel));
        return places;
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
        Examiner examiner = examiner(settings(GivenWeights.OF_THE_TOWERS)
                .withOtherWeights(List.of(other, both, QueryWeights.of(GivenWeights.OF_THE_TOWERS))));
        TwoTower model = new TwoTower(channels, catalogue);
        model.learn(batch(drawn(60)));

        examiner.examine(batch, model, facts);

        ExamTotals totals = examiner.totals();
        List<RankingTotals> byWeights = new ArrayList<>(List.of(totals.model()));
        byWeights.addAll(totals.others());
        List<Map<String, Double>> weights = List.of(Map.of("other", 0.0), other.channels(), both.channels(), Map.of());
        for (int at = 0; at < weights.size(); at++) {
            assertThatRanks(byWeights.get(at)).isEqualTo(byChannels(batch, model, weights.get(at)));
        }
        assertThat(totals.model().hits()).isNotEqualTo(totals.others().get(0).hits());
    }

    @Test
    void severalTilesRankAsScoringEachItemAlone() {
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
        MiniBatch batch = batch(examples);
        popularity.observe(batch.counted());
        TwoTower model = new TwoTower(byCategory, catalogue);
        Examiner examiner = examiner();
        List<TrainingExample> clicks = examples.subList(0, 100);
        examiner.observe(batch(clicks));

        examiner.examine(batch, model, facts);

        Map<String, Long> popular = clicks.stream().collect(groupingBy(TrainingExample::item, counting()));
        assertThatRanks(examiner.totals().popularity())
                .isEqualTo(ranked(batch, example -> item -> (float) popular.getOrDefault(item, 0L)));
        RankingTotals expected = reference(batch, model, WEIGHTS.get(0));
        assertThatRanks(examiner.totals().model()).isEqualTo(expected);
        assertThat(expected.hits()[3]).isPositive();
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

    @Test
    void theTowersAloneAreRankedBesideTheMixture() {
        listAll();
        popularity.observe(batch(drawn(200)).counted());
        MiniBatch batch = batch(drawn(60));
        TwoTower model = new TwoTower(MODEL, catalogue);
        ExamSettings learned = settings(GivenWeights.NONE, popularity(0.3));
        Examiner examiner = examiner(learned);
        Examiner restored = examiner(learned);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

        examiner.examine(batch, model, facts);
        examiner.drainDirty(EntrySink.into(stored));
        stored.forEach(restored::restore);

        assertThat(model.mixture().relative().popularity()).isEqualTo(1);
        for (Examiner each : List.of(examiner, restored)) {
            assertThatRanks(each.totals().model()).isEqualTo(reference(batch, model, 1));
            assertThat(each.totals().others()).hasSize(1);
            assertThatRanks(each.totals().others().get(0)).isEqualTo(reference(batch, model, 0.3));
            assertThatRanks(each.totalsOfTowers().model()).isEqualTo(reference(batch, model, 0));
        }
    }

    /** By the catalogue's times and each click's own, and by the clicks before the batch. */
    @Test
    void clicksOnYoungItemsAreTotalledApart() {
        long[] ages = {0, HOUR / 2, HOUR, 23 * HOUR, 24 * HOUR, 720 * HOUR};
        for (int item = 0; item < ITEMS; item++) {
            list("i" + item, TIME - ages[item % ages.length]);
        }
        List<TrainingExample> before = drawn(400);
        Map<String, Long> clicks = before.stream().collect(groupingBy(TrainingExample::item, counting()));
        popularity.observe(before);
        MiniBatch batch = batch(IntStream.range(0, 100) // within two hours
                .mapToObj(at -> Scenes.click("u", "i" + random.nextInt(60), TIME + at * HOUR / 50, "i" + (149 - at)))
                .toList());
        TwoTower model = new TwoTower(MODEL, catalogue);
        Examiner examiner = examiner();
        examiner.observe(batch(before));
        Examiner restored = examiner();
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

        examiner.examine(batch, model, facts);
        examiner.drainDirty(EntrySink.into(stored));
        stored.forEach(restored::restore);

        for (Youth youth : Youth.values()) {
            MiniBatch young = batch(batch.examples().stream()
                    .filter(click -> youth(click, ages, clicks).contains(youth))
                    .toList());
            assertThat(young.examples()).as(youth.text()).hasSizeBetween(10, 90);
            for (Examiner each : List.of(examiner, restored)) {
                ExamTotals.Young found = each.totals().young(youth);
                assertThatRanks(found.model()).isEqualTo(reference(young, model, WEIGHTS.get(0)));
                assertThatRanks(found.popularity())
                        .isEqualTo(ranked(young, click -> item -> (float) clicks.getOrDefault(item, 0L)));
            }
        }
        assertThat(restored.totals()).usingRecursiveComparison().isEqualTo(examiner.totals());
    }

    private static Set<Youth> youth(TrainingExample click, long[] ages, Map<String, Long> clicks) {
        long listed = TIME - ages[Integer.parseInt(click.item().substring(1)) % ages.length];
        return Youth.of(click.time() - listed, clicks.getOrDefault(click.item(), 0L));
    }

    private static GivenWeights popularity(double weight) {
        return GivenWeights.OF_THE_TOWERS.withPopularity(weight);
    }

    private static ExamSettings settings(GivenWeights weights, GivenWeights... others) {
        List<QueryWeights> all = Stream.of(others).map(QueryWeights::of).toList();
        return new ExamSettings(1, 5000, Duration.ofHours(6), weights, all);
    }

    private Examiner examiner(ExamSettings settings) {
        return new Examiner(settings, 'E', 'e', ExamWitness.NONE, catalogue);
    }

    private Examiner examiner() {
        GivenWeights[] weights = WEIGHTS.stream().map(ExaminerTest::popularity).toArray(GivenWeights[]::new);
        return examiner(settings(weights[0], Arrays.copyOfRange(weights, 1, weights.length)));
    }

    private static RecursiveComparisonAssert<?> assertThatRanks(RankingTotals found) {
        return assertThat(found).usingRecursiveComparison();
    }

    /** Each item's score on its own. */
    private RankingTotals reference(MiniBatch batch, TwoTower model, double weight) {
        return reference(batch, model, weight, 0);
    }

    private RankingTotals reference(MiniBatch batch, TwoTower model, double weight, double ofNeighbours) {
        float nearWeight = (float) (ofNeighbours * model.temperature());
        Map<String, float[]> vectors = vectors(model);
        return ranked(batch, example -> {
            Map<String, Double> near = near(example);
            float[] user = new float[model.dim()];
            model.userVectors(List.of(example.user()), List.of(example.context()), user);
            return item -> product(user, vectors.getOrDefault(item, user))
                    + (float) (weight
                            * model.temperature()
                            * popularity.number(catalogue.number(item, Catalogue.NO_NUMBER), TIME, 0))
                    + nearWeight * near.getOrDefault(item, 0.0).floatValue();
        });
    }

    /** Ranks by the inner products of the vectors that the model gives by these weights. */
    private RankingTotals byChannels(MiniBatch batch, TwoTower model, Map<String, Double> weights) {
        Map<String, float[]> vectors = vectors(model);
        return ranked(batch, example -> {
            float[] user = new float[model.dim()];
            model.userVectors(List.of(example.user()), List.of(example.context()), weights, user);
            return item -> product(user, vectors.getOrDefault(item, user));
        });
    }

    private RankingTotals ranked(MiniBatch batch, Function<TrainingExample, Function<String, Float>> scores) {
        return ranked(batch, true, scores);
    }

    private RankingTotals ranked(
            MiniBatch batch, boolean isHistoryLeftOut, Function<TrainingExample, Function<String, Float>> scores) {
        RankingTotals totals = RankingTotals.NONE;
        for (TrainingExample example : batch.examples()) {
            Function<String, Float> score = scores.apply(example);
            float mark = score.apply(example.item());
            double place = 1;
            for (int item = 0; item < catalogue.size(); item++) {
                String other = catalogue.itemAt(item);
                boolean isLeftOut = isHistoryLeftOut && example.user().history().contains(other);
                if (!other.equals(example.item()) && !isLeftOut) {
                    float found = score.apply(other);
                    place += found > mark ? 1 : found == mark ? 0.5 : 0;
                }
            }
            totals = totals.plus(place);
        }
        return totals;
    }

    /** All items' vectors, each encoded on its own. */
    private Map<String, float[]> vectors(TwoTower model) {
        Map<String, float[]> vectors = new HashMap<>();
        for (int item = 0; item < catalogue.size(); item++) {
            float[] vector = new float[model.dim()];
            model.itemVectors(List.of(catalogue.itemAt(item)), vector);
            vectors.put(catalogue.itemAt(item), vector);
        }
        return vectors;
    }

    private static float product(float[] user, float[] item) {
        float sum = 0;
        for (int d = 0; d < user.length; d++) {
            sum += user[d] * item[d];
        }
        return sum;
    }

    private void listAll() {
        for (int item = 0; item < ITEMS; item++) {
            list("i" + item, TIME);
        }
    }

    private void list(String item, long time) {
        catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem(item, time, Features.NONE)));
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
        return Batches.of(1, List.of(), examples);
    }
}
