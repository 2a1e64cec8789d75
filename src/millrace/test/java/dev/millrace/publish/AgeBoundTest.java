package dev.millrace.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgeBoundTest {

    /** 50 steps, up to 50 times 128 items; then as many steps as 128 a step take, rounded up. */
    @ParameterizedTest
    @CsvSource({"0,50", "1000,50", "6400,50", "6401,51", "10000,79", "100000,782", "1000000,7813"})
    void theDefaultGrowsWithALargeCatalogue(long items, long steps) {
        AgeBound bound = read(Map.of(), 128);

        assertThat(bound.wholeSteps(items)).isEqualTo(steps);
        assertThat(items / bound.steps(items)).isLessThanOrEqualTo(128);
    }

    @Test
    void aNumberIsTheBoundOfAnyCatalogue() {
        assertThat(read(Map.of("publish.max-age.steps", "20"), 128).wholeSteps(1_000_000))
                .isEqualTo(20);
        assertThat(read(Map.of("publish.max-age.steps", "0"), 128).wholeSteps(1_000_000))
                .isZero();
    }

    @Test
    void itFollowsTheSizeOfABatch() {
        assertThat(read(Map.of(), 1024).wholeSteps(1_000_000)).isEqualTo(977);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1000001", "50 steps", "AUTO", ""})
    void anythingElseIsAFault(String text) {
        SettingsReader reader = new SettingsReader(Map.of("publish.max-age.steps", text));
        PublishSettings.read(reader, 128);

        assertThatThrownBy(reader::finish)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("publish.max-age.steps")
                .hasMessageContaining("must be auto, or a whole number from 0 to 1000000");
    }

    private static AgeBound read(Map<String, String> given, int batchSize) {
        return PublishSettings.read(new SettingsReader(given), batchSize).bound();
    }
}
