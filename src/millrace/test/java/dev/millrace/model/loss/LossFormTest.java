package dev.millrace.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.millrace.model.Scenes;
import dev.millrace.settings.InvalidSettingsException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LossFormTest {

    @Test
    void aGenerationWithoutSmoothingKeepsTheNameThatItHadBeforeThereWasAny() {
        assertThat(LossForm.SOFTMAX).hasToString("LossForm[kind=SOFTMAX, scale=10.0, negatives=4, margin=0.2]");
        assertThat(Scenes.plainSettings("loss.smoothing", "0.2").hash())
                .isNotEqualTo(Scenes.plainSettings("loss.smoothing", "0").hash());
    }

    static Stream<Arguments> settingsWithoutAnEstimateOfTheMean() {
        return Stream.of(
                arguments("loss.kind", "pointwise"),
                arguments("loss.kind", "triplet"),
                arguments("loss.correction", "none"),
                arguments("loss.correction", "yandex-2025"),
                arguments("loss.popularity-exponent", "0.5"),
                arguments("negatives.hard-in-batch", "3"));
    }

    @ParameterizedTest
    @MethodSource("settingsWithoutAnEstimateOfTheMean")
    void smoothingIsRefusedWhereItsMeanCannotBeEstimated(String key, String value) {
        assertThatThrownBy(() -> Scenes.plainSettings("loss.smoothing", "0.2", key, value))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("loss.smoothing = 0.2");
    }

    @Test
    void theSoftmaxIsSmoothedByDefault() {
        assertThat(Scenes.plainSettings().loss().form().smoothing()).isEqualTo(0.2);
    }

    @ParameterizedTest
    @MethodSource("settingsWithoutAnEstimateOfTheMean")
    void nothingIsSmoothedByDefaultWhereTheMeanCannotBeEstimated(String key, String value) {
        assertThat(Scenes.plainSettings(key, value).loss().form().smoothing()).isZero();
    }
}
