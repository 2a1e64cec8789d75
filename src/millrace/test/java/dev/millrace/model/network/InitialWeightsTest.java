package dev.millrace.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.engine.Engine;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InitialWeightsTest {

    /** Of 150 · 90 draws the mean lies within 4 · deviation / √13500, and the variance within 4 · √(2 / 13500) of its own. */
    @ParameterizedTest
    @EnumSource(Engine.class)
    void bothEnginesDrawGlorotsVariance(Engine engine) {
        float[][] weights = InitialWeights.of(
                engine, List.of(new NetworkShape.Layer(150, 90), new NetworkShape.Layer(90, 7)), 11, 1);

        double variance = 2.0 / (150 + 90);
        double sum = 0;
        double squares = 0;
        for (float weight : weights[0]) {
            sum += weight;
            squares += (double) weight * weight;
        }
        assertThat(weights[0]).hasSize(150 * 90);
        assertThat(sum / weights[0].length).isCloseTo(0, within(4 * Math.sqrt(variance / 13_500)));
        assertThat(squares / weights[0].length).isCloseTo(variance, within(4 * Math.sqrt(2.0 / 13_500) * variance));
        assertThat(weights[1]).containsOnly(0f);
    }
}
