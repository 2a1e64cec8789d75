package dev.millrace.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.model.Differences;
import dev.millrace.model.Scenes;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.state.Fields;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ObjectiveTest {

    private static final double DIFFERENCE = 1e-6;
    private static final int EXAMPLES = 14;

    /** Two actions whose losses are weighted by uncertainty. */
    private static final String ALONG_ACTIONS = "attribution.actions=click,like tower.channels=click,like"
            + " tower.channel.click.actions=click tower.channel.like.actions=like"
            + " loss.objective.like.weight=2.5 loss.objectives.learned=true";

    static List<String> losses() {
        List<String> kinds = List.of(
                "loss.correction=classic",
                "loss.correction=none",
                "loss.correction=yandex-2025",
                "loss.correction=yandex-2025 loss.popularity-exponent=0.5",
                "loss.temperature.learned=true loss.temperature=0.3",
                "loss.smoothing=0.2",
                "loss.smoothing=0.9 loss.temperature.learned=true loss.temperature=0.3",
                ALONG_ACTIONS,
                ALONG_ACTIONS + " loss.kind=pointwise",
                "loss.kind=pointwise",
                "loss.kind=pointwise loss.correction=none loss.pointwise.negatives=20",
                "loss.kind=pointwise loss.pointwise.negatives=0 loss.pointwise.scale=3",
                "loss.kind=triplet loss.triplet.margin=0.4");
        List<String> rules = List.of(
                "",
                " negatives.in-batch=false",
                " negatives.exposed=0.5",
                " loss.mask-same-user=true",
                " negatives.hard-in-batch=3",
                " negatives.hard-in-batch=3 loss.mask-same-user=true");
        return kinds.stream()
                .flatMap(kind -> rules.stream()
                        .filter(rule -> !rule.contains("hard-in-batch") || !kind.matches(".*(yandex-2025|smoothing).*"))
                        .map(rule -> kind + rule))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("losses")
    void lossAndGradientsAreThoseOfTheFormula(String declared) {
        Loss settings = Scenes.plainSettings(declared, "batch.size=" + EXAMPLES).loss();
        for (long step = 1; step <= 3; step++) {
            MiniBatch batch = step == 1 ? Scenes.batch(step, EXAMPLES, 9) : Scenes.mixedBatch(step, EXAMPLES, 9);
            check(settings, batch);
        }
    }

    /** The user is as sure to be recommended what they hide as can be, by a vector of their own that all other items are opposite to. */
    @Test
    void hidesPullByATenthOfAClick() {
        Loss settings = Scenes.plainSettings("batch.size=" + EXAMPLES).loss();
        MiniBatch batch = Scenes.mixedBatch(2, EXAMPLES, 9);
        Candidates candidates = Candidates.of(batch, settings, NegativePairs.of(batch));
        int hidden = candidates.exposed()[1];
        float[] users = new float[(EXAMPLES + batch.exposed().size()) * Scenes.DIM];
        float[] items = new float[candidates.items().size() * Scenes.DIM];
        for (int row = 0; row < users.length / Scenes.DIM; row++) {
            users[row * Scenes.DIM] = 1;
        }
        for (int row = 0; row < items.length / Scenes.DIM; row++) {
            items[row * Scenes.DIM] = row == hidden ? 1 : -1;
        }
        Objective objective = new Objective(settings, StepEngine.alone(Engine.VECTOR), Scenes.DIM);

        double unused = objective.toGradients(users, items, candidates, batch);

        // a tenth, of the scale 10, of the weight 3 that the scene gives, of a batch's mean
        assertThat(candidates.hides()).startsWith(false, true);
        assertThat(objective.userGradients()[(EXAMPLES + 1) * Scenes.DIM])
                .isCloseTo(0.1f * 10 * 3 / EXAMPLES, within(1e-5f));
    }

    private static void check(Loss settings, MiniBatch batch) {
        // Given unit vectors of users and items
        Candidates candidates = Candidates.of(batch, settings, NegativePairs.of(batch));
        double[][] users = unitVectors(EXAMPLES + batch.exposed().size(), 7);
        double[][] items = unitVectors(candidates.items().size(), 8);
        float[] weights = new float[EXAMPLES];
        int[] objectives = new int[EXAMPLES];
        for (int i = 0; i < EXAMPLES; i++) {
            TrainingExample example = batch.examples().get(i);
            weights[i] =
                    (float) (example.weight() * settings.objectives().weights().getOrDefault(example.action(), 1.0));
            objectives[i] = settings.objectives().of(example.action());
        }
        Function<String, double[]> vectors = item -> items[candidates.items().indexOf(item)];
        LossReference reference = new LossReference(settings, batch, NegativePairs.of(batch));
        double[] temperature = {Math.log(settings.temperature())};
        Objective objective = new Objective(settings, StepEngine.alone(Engine.VECTOR), Scenes.DIM);
        Map<String, double[]> logVariances = new TreeMap<>();
        if (settings.objectives().areLearned()) {
            settings.objectives()
                    .weights()
                    .keySet()
                    .forEach(action -> logVariances.put(action, new double[] {action.equals("like") ? 0.3 : -0.2}));
            objective
                    .objectiveWeights()
                    .stored()
                    .restore(new Fields()
                            .number(-0.2)
                            .number(1)
                            .number(0.3)
                            .number(1)
                            .number(0)
                            .number(1)
                            .framed());
        }

        // When
        double loss = objective.toGradients(floats(users), floats(items), candidates, weights, objectives);

        // Then
        reference.freeze(users, vectors, Math.exp(temperature[0]));
        DoubleSupplier formula = () -> reference.loss(users, vectors, Math.exp(temperature[0]), logVariances);
        double expected = formula.getAsDouble();
        assertThat(loss).isCloseTo(expected, within(2e-5 * Math.max(1, Math.abs(expected))));
        assertClose(objective.userGradients(), users, formula);
        assertClose(objective.itemGradients(), items, formula);
        logVariances.forEach(
                (action, number) -> assertThat(objective.objectiveWeights().gradient(action))
                        .isCloseTo(Differences.of(number, 0, DIFFERENCE, formula), within(1e-4)));
        if (settings.learnedTemperature().isLearned()) {
            assertThat(objective.temperature().gradient())
                    .isCloseTo(Differences.of(temperature, 0, DIFFERENCE, formula), within(1e-4));
        }
    }

    private static void assertClose(float[] actual, double[][] vectors, DoubleSupplier formula) {
        for (int row = 0; row < vectors.length; row++) {
            for (int d = 0; d < Scenes.DIM; d++) {
                assertThat((double) actual[row * Scenes.DIM + d])
                        .as("row %d at %d", row, d)
                        .isCloseTo(Differences.of(vectors[row], d, DIFFERENCE, formula), within(1e-4));
            }
        }
    }

    private static double[][] unitVectors(int count, long seed) {
        Random random = new Random(seed);
        double[][] vectors = new double[count][Scenes.DIM];
        for (double[] vector : vectors) {
            double squares = 0;
            for (int d = 0; d < vector.length; d++) {
                vector[d] = random.nextGaussian();
                squares += vector[d] * vector[d];
            }
            for (int d = 0; d < vector.length; d++) {
                vector[d] = (float) (vector[d] / Math.sqrt(squares));
            }
        }
        return vectors;
    }

    private static float[] floats(double[][] vectors) {
        float[] flat = new float[vectors.length * Scenes.DIM];
        for (int at = 0; at < flat.length; at++) {
            flat[at] = (float) vectors[at / Scenes.DIM][at % Scenes.DIM];
        }
        return flat;
    }
}
