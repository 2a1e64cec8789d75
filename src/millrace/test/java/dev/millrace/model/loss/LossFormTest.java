package dev.millrace.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.model.Scenes;
import dev.millrace.settings.InvalidSettingsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossFormTest {

    @Test
    void noSmoothingKeepsTheGenerationsName() {
        assertThat(LossForm.SOFTMAX).hasToString("LossForm[kind=SOFTMAX, scale=10.0, negatives=4, margin=0.2]");
        assertThat(Scenes.plainSettings("loss.smoothing=0.2").hash())
                .isNotEqualTo(Scenes.plainSettings("loss.smoothing=0").hash());
    }

    @Test
    void theSoftmaxIsSmoothedByDefault() {
        assertThat(Scenes.plainSettings().loss().form().smoothing()).isEqualTo(0.2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "loss.kind=pointwise",
                "loss.kind=triplet",
                "loss.correction=none",
                "loss.correction=yandex-2025",
                "loss.popularity-exponent=0.5",
                "negatives.hard-in-batch=3"
            })
    void nothingIsSmoothedWhereTheMeanCannotBeEstimated(String declared) {
        assertThat(Scenes.plainSettings(declared).loss().form().smoothing()).isZero();
        assertThatThrownBy(() -> Scenes.plainSettings("loss.smoothing=0.2", declared))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("loss.smoothing = 0.2");
    }
}
