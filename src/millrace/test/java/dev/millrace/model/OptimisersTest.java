package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.table.LearningRateSchedule;
import dev.millrace.model.table.OptimiserRule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OptimisersTest {

    static List<Arguments> all() {
        return List.of(
                Arguments.of("Adagrad", ""),
                Arguments.of("Adam", Scenes.ADAM),
                Arguments.of("FTRL", Scenes.FTRL),
                Arguments.of("SGD with momentum", Scenes.SGD),
                Arguments.of("SGD", "optimiser.dense.kind=sgd optimiser.rows.kind=sgd"),
                Arguments.of(
                        "learned temperature and hard negatives",
                        "loss.temperature.learned=true negatives.hard-model=2 negatives.hard-model.sample=12"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void refusedStepLeavesTheStateOfTheOptimiserAsItWas(String name, String declared) {
        TwoTower model = new TwoTower(Scenes.settings(declared), Scenes.catalogue());
        TwoTower other = new TwoTower(Scenes.settings(declared), Scenes.catalogue());
        model.learn(Scenes.batch(1, 24, 10));
        other.learn(Scenes.batch(1, 24, 10));

        assertThatThrownBy(() ->
                        model.learn(Scenes.each(Scenes.batch(2, 24, 10), example -> Scenes.weighing(1e7, example))))
                .isInstanceOfSatisfying(RefusedStepException.class, refused -> assertThat(refused.reason())
                        .isEqualTo(RefusedStepException.Reason.EXPLODING));
        assertThat(Scenes.digest(model)).isEqualTo(Scenes.digest(other));
        model.learn(Scenes.batch(3, 24, 10));
        other.learn(Scenes.batch(3, 24, 10));
        assertThat(Scenes.digest(model)).as(name).isEqualTo(Scenes.digest(other));
    }

    @Test
    void firstAdamStepsAreTheLearningRate() {
        OptimiserRule adam = new OptimiserRule.Adam(0.01, 0.9, 0.999, 1e-8);
        float[] row = {0.5f, 0.5f};
        float[] memory = new float[adam.slots(2)];
        adam.begin(row, memory, 0, 2);

        adam.move(row, memory, 0, 2, new float[] {3f, -0.002f}, 0, 4.5f, 0.01f);

        // m̂ = g, v̂ = g²: the step is rate · sign(g)
        assertThat(row[0]).isCloseTo(0.49f, within(1e-6f));
        assertThat(row[1]).isCloseTo(0.51f, within(1e-6f));
        // a count, and two moments for each component
        assertThat(memory).hasSize(1 + 2 * 2);
    }

    @Test
    void ftrlWithoutPenaltiesIsAdagradWhoseEpsilonIsBeta() {
        // z = −w (β + √n) / α holds from step to step, so that w' = w − α g / (β + √n')
        OptimiserRule ftrl = new OptimiserRule.Ftrl(0.1, 0.03, 0, 0);
        OptimiserRule adagrad = new OptimiserRule.Adagrad(0.1, 0, 0.03);
        float[] byFtrl = {0.02f, -0.01f};
        float[] byAdagrad = byFtrl.clone();
        float[] ftrlMemory = new float[ftrl.slots(2)];
        float[] adagradMemory = new float[adagrad.slots(2)];
        ftrl.begin(byFtrl, ftrlMemory, 0, 2);
        adagrad.begin(byAdagrad, adagradMemory, 0, 2);

        for (int step = 1; step <= 50; step++) {
            float[] gradient = {0.3f * step % 1 - 0.4f, 0.7f * step % 1 - 0.5f};
            float meanSquare = (gradient[0] * gradient[0] + gradient[1] * gradient[1]) / 2;
            ftrl.move(byFtrl, ftrlMemory, 0, 2, gradient, 0, meanSquare, 0.1f);
            adagrad.move(byAdagrad, adagradMemory, 0, 2, gradient, 0, meanSquare, 0.1f);
        }

        assertThat(byFtrl).containsExactly(byAdagrad, within(1e-5f));
    }

    @Test
    void ftrlMakesUnneededComponentsExactlyZero() {
        OptimiserRule ftrl = new OptimiserRule.Ftrl(0.1, 0.03, 0.05, 0);
        float[] row = {0.02f, 0.5f};
        float[] memory = new float[ftrl.slots(2)];
        ftrl.begin(row, memory, 0, 2);

        ftrl.move(row, memory, 0, 2, new float[] {0f, 0f}, 0, 0f, 0.1f);

        // z = −w β/α: 0.006 is within λ1 = 0.05; 0.15 is not, and w = (0.15 − 0.05) / 0.3
        assertThat(row[0]).isZero();
        assertThat(row[1]).isCloseTo(0.1f / 0.3f, within(1e-6f));
    }

    @Test
    void schedulesAreFunctionsOfTheStepAlone() {
        LearningRateSchedule rising = new LearningRateSchedule.WarmUpInverseRoot(100);
        assertThat(rising.factor(25)).isEqualTo(0.25);
        assertThat(rising.factor(100)).isEqualTo(1);
        assertThat(rising.factor(400)).isEqualTo(0.5);

        LearningRateSchedule falling = new LearningRateSchedule.ExponentialDecay(100, 0.25, 0.01);
        assertThat(falling.factor(50)).isCloseTo(0.5, within(1e-15));
        assertThat(falling.factor(100)).isCloseTo(0.25, within(1e-15));
        assertThat(falling.factor(10_000)).isEqualTo(0.01);

        LearningRateSchedule steps = new LearningRateSchedule.StepDecay(100, 0.25, 0.01);
        assertThat(steps.factor(99)).isEqualTo(1);
        assertThat(steps.factor(100)).isEqualTo(0.25);
        assertThat(steps.factor(299)).isEqualTo(0.0625);
    }
}
