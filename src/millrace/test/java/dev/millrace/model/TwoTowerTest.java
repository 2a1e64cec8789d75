package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.table.EmbeddingTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TwoTowerTest {

    static List<Arguments> declarations() {
        List<Arguments> all = new ArrayList<>(losses());
        Scenes.towersAndFeatures().forEach(tower -> all.add(Arguments.of(tower.get()[0], 9, tower.get()[1])));
        return all;
    }

    private static List<Arguments> losses() {
        return List.of(
                Arguments.of("default loss, no negatives", 0, ""),
                Arguments.of("mixed negatives", 9, ""),
                Arguments.of("one linear layer", 9, "tower.user.hidden= tower.item.hidden="),
                Arguments.of("learned temperature", 9, "loss.temperature.learned=true"),
                Arguments.of("exposed", 9, "negatives.exposed=0.5"),
                Arguments.of("pointwise", 9, "loss.kind=pointwise"),
                Arguments.of(
                        "clipped and penalised", 9, "optimiser.dense.max-gradient-norm=0.1 optimiser.dense.l2=0.01"),
                Arguments.of(
                        "rows clipped and penalised",
                        9,
                        "optimiser.rows.max-gradient-norm=0.02 optimiser.rows.l2=0.01"),
                Arguments.of("Adam", 9, Scenes.ADAM),
                Arguments.of("FTRL", 9, Scenes.FTRL),
                Arguments.of("SGD with momentum", 9, Scenes.SGD),
                Arguments.of(
                        "rates that rise and fall",
                        9,
                        "optimiser.dense.schedule.kind=inverse-root optimiser.dense.schedule.warm-up-steps=3"
                                + " optimiser.rows.schedule.kind=exponential optimiser.rows.schedule.decay-steps=2"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("declarations")
    void stepsUpdateEveryWeightByTheFormulas(String name, int negatives, String declared) {
        ModelSettings settings = Scenes.settings(declared);
        Catalogue catalogue = Scenes.catalogue();
        TwoTower model = new TwoTower(settings, catalogue);
        double most = settings.optimiser().dense().maxGradientNorm();
        boolean isClipped = most < 1;
        TwoTowerReference reference = new TwoTowerReference(settings, catalogue, isClipped);

        for (int step = 1; step <= 2; step++) {
            MiniBatch batch = step == 1 ? Scenes.batch(step, 12, negatives) : Scenes.mixedBatch(step, 12, negatives);
            Map<String, double[]> expected = reference.sample(model);
            double loss = reference.learn(batch, expected);
            StepReport report = model.learn(batch);

            Map<String, double[]> learnt = reference.sample(model);
            assertThat(learnt.keySet()).isEqualTo(expected.keySet());
            // a step moves a weight by up to the learning rate, 0.05; float32 gradients are good to some 1e-5 of that
            expected.forEach((weights, numbers) ->
                    assertThat(learnt.get(weights)).as(weights).containsExactly(numbers, within(1e-5)));
            assertThat(report.gradientNorm() > most).isEqualTo(isClipped);
            assertThat(report.temperature()).isCloseTo(reference.temperature(), within(1e-6));
            assertThat(model.objectiveWeights().keySet())
                    .isEqualTo(reference.objectiveWeights().keySet());
            reference.objectiveWeights().forEach((action, weight) -> assertThat(model.objectiveWeights())
                    .hasEntrySatisfying(action, actual -> assertThat(actual).isCloseTo(weight, within(1e-6))));
            // the reported loss is without the penalty
            if (settings.optimiser().dense().l2() == 0) {
                assertThat(report.loss()).isCloseTo(loss, within(1e-5 * loss));
            }
        }
        assertThat(model.rowCounts().rows())
                .as(name)
                .isEqualTo(reference.rowCount())
                .isGreaterThan(50);
    }

    @Test
    void itemOutsideTheCatalogueLosesItsRowAndGetsNoNewOne() {
        Catalogue catalogue = Scenes.catalogue();
        TwoTower model = new TwoTower(Scenes.settings(), catalogue);
        MiniBatch batch = Scenes.batch(1, 40, 16);
        model.learn(batch);
        String item = batch.examples().get(0).item();
        assertThat(itemRow(model, item)).isNotEqualTo(EmbeddingTable.NONE);

        catalogue.apply(new CatalogueChange.Removal(item, Scenes.TIME));
        model.removeItem(item);
        model.learn(batch);

        assertThat(itemRow(model, item)).isEqualTo(EmbeddingTable.NONE);
    }

    @Test
    void stepThatIsNotFiniteLeavesEverythingAsItWas() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        model.learn(Scenes.batch(1, 40, 16));
        byte[] before = Scenes.digest(model);
        MiniBatch batch = Scenes.batch(2, 40, 16);
        List<TrainingExample> examples = new ArrayList<>(batch.examples());
        TrainingExample broken = examples.get(3);
        UserFeatures newUser =
                new UserFeatures("a new user", Scenes.TIME, broken.user().features(), List.of());
        examples.set(3, Scenes.with(broken, newUser, Double.NaN));
        MiniBatch notFinite = Scenes.with(batch, examples);

        assertThatThrownBy(() -> model.learn(notFinite))
                .isInstanceOf(RefusedStepException.class)
                .hasMessageContaining("step 2");

        assertThat(Scenes.digest(model)).isEqualTo(before);
        // and the next step is the same as without the refused one
        TwoTower undisturbed = new TwoTower(Scenes.settings(), Scenes.catalogue());
        undisturbed.learn(Scenes.batch(1, 40, 16));
        undisturbed.learn(Scenes.batch(3, 40, 16));
        model.learn(Scenes.batch(3, 40, 16));
        assertThat(Scenes.digest(model)).isEqualTo(Scenes.digest(undisturbed));
    }

    /**
     * The longest vector that an event may have, through eight layers that each multiply by the input; and a short one that is all
     * that a user has, so that the length that the gradient is divided by is about 1e-5.
     */
    static List<Arguments> extremes() {
        return List.of(
                Arguments.of(1e6f, "tower.skip=false tower.channels=cross tower.cross.depth=8"),
                Arguments.of(1e-5f, "tower.skip=false"));
    }

    @ParameterizedTest
    @MethodSource("extremes")
    void anExtremeExampleCostsTheOthersNoStep(float component, String declared) {

        ModelSettings settings = Scenes.plainSettings(
                "features.user=picture features.user.picture.kind=vector features.user.picture.dim=3", declared);
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        TwoTower undisturbed = new TwoTower(settings, Scenes.catalogue());
        MiniBatch batch = Scenes.batch(1, 64, 16);

        double norm = model.learn(withPicture(batch, component)).gradientNorm();
        double usual = undisturbed.learn(batch).gradientNorm();

        assertThat(norm).isLessThan(10 * usual);
        Map<String, float[]> moved = new TreeMap<>();
        model.forEachRow("item", moved::put);
        undisturbed.forEachRow("item", (item, row) -> assertThat(moved.get(item))
                .as(item)
                .isNotEqualTo(settings.initialRows().row("item", item, row.length)));
    }

    /** Gives the first example's user a picture of this component. */
    private static MiniBatch withPicture(MiniBatch batch, float component) {
        List<TrainingExample> examples = new ArrayList<>(batch.examples());
        TrainingExample first = examples.get(0);
        Features picture =
                Features.of(Map.of("picture", new FeatureValue.Dense(List.of(component, component, -component))));
        UserFeatures pictured =
                new UserFeatures(first.user().user(), first.user().time(), picture, List.of());
        examples.set(0, Scenes.with(first, pictured, first.weight()));
        return Scenes.with(batch, examples);
    }

    @Test
    void overflowingLengthIsNotTakenForAMissingDirection() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        model.learn(Scenes.batch(1, 40, 16));
        float[][] weights = model.itemTower().weights();
        Arrays.fill(weights[weights.length - 1], 1e25f); // the last bias: its square overflows a float
        float[] vector = new float[model.dim()];

        model.itemVectors(List.of("i1"), vector);

        assertThat(vector).contains(Float.NaN);
    }

    @Test
    void batchWithoutExamplesTeachesNothing() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        byte[] before = Scenes.digest(model);

        StepReport report = model.learn(Scenes.batch(1, 0, 0));

        assertThat(report).isEqualTo(StepReport.ofNothing(0.1));
        assertThat(Scenes.digest(model)).isEqualTo(before);
    }

    private static int itemRow(TwoTower model, String item) {
        return model.tables().values().stream()
                .filter(table -> table.name().equals("item"))
                .mapToInt(table -> table.row(item))
                .max()
                .orElseThrow();
    }
}
