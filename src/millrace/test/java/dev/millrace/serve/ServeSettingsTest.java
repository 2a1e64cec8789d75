package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeSettingsTest {

    @Test
    void explorationIsOffOrOfAllAnswersInTheLog() {
        assertThat(read("0", "0")).isEqualTo(new ServeSettings.Exploring(0, 100, 0));
        assertThat(read("0.05", "1")).isEqualTo(new ServeSettings.Exploring(0.05, 100, 0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0.05 | 0.5 | must be 0 without serve.answers.sample = 1, as every draw is logged",
                "1e-4 | 1 | must be 0, or at least 0.001",
                "-1 | 1 | must be a number from 0 to 100",
                "NaN | 1 | must be a number from 0 to 100",
            })
    void explorationThatCannotBeProvedIsRefused(String temperature, String sample, String rule) {
        assertThatThrownBy(() -> read(temperature, sample))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("serve.explore = ")
                .hasMessageEndingWith(": " + rule);
    }

    private static ServeSettings.Exploring read(String temperature, String sample) {
        SettingsReader reader =
                new SettingsReader(Map.of("serve.explore", temperature, "serve.answers.sample", sample));
        ServeSettings settings = ServeSettings.read(reader);
        reader.finish();
        return settings.exploring();
    }
}
