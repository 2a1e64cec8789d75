package dev.millrace.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsReaderTest {

    @Test
    void allFaultsAreReportedTogetherAsPathValueRule() {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "1", "wait", "soon", "batch.sise", "3"));
        reader.integer("batch.size", 128, 2, 8192, "positives");
        reader.duration("wait", Duration.ofSeconds(1), Duration.ofMillis(1), Duration.ofDays(1), "how long");

        assertThatThrownBy(reader::finish)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("batch.size = 1: must be a whole number from 2 to 8192")
                .hasMessageContaining("wait = soon: must be a duration from 1ms to 1d, such as 250ms, 30s, 15m, 6h, 7d")
                .hasMessageContaining("batch.sise = 3: is not a setting, did you mean batch.size?");
    }

    @Test
    void defaultsAreDocumentedAsTheyWouldBeWritten() {
        SettingsReader reader = new SettingsReader(Map.of());

        Duration window =
                reader.duration("window", Duration.ofMinutes(90), Duration.ofMillis(1), Duration.ofDays(1), "how long");

        assertThat(window).isEqualTo(Duration.ofMinutes(90));
        assertThat(reader.documented())
                .singleElement()
                .extracting(SettingDoc::byDefault)
                .isEqualTo("90m");
    }

    @Test
    void aKeyThatTwoPartsReadIsOneFault() {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "1"));
        reader.integer("batch.size", 128, 2, 8192, "positives");
        reader.integer("batch.size", 128, 2, 8192, "positives");

        assertThatThrownBy(reader::finish)
                .isInstanceOfSatisfying(InvalidSettingsException.class, invalid -> assertThat(invalid.faults())
                        .hasSize(1));
    }

    @Test
    void aDurationBeyondTheLargestNumberIsAFault() {
        SettingsReader reader = new SettingsReader(Map.of("wait", "9223372036854775807d"));
        reader.duration("wait", Duration.ofSeconds(1), Duration.ofMillis(1), Duration.ofDays(1), "how long");

        assertThatThrownBy(reader::finish).hasMessageContaining("wait = 9223372036854775807d: must be a duration from");
    }

    @Test
    void aTextThatNamesNothingIsAFault() {
        SettingsReader reader = new SettingsReader(Map.of("where", "http://a b"));

        URI where = reader.value("where", "http://c", URI::create, "must be a URL", "where to");

        assertThat(where).isEqualTo(URI.create("http://c"));
        assertThatThrownBy(reader::finish).hasMessageContaining("where = http://a b: must be a URL");
    }

    @Test
    void nanIsNotANumberInRange() {
        SettingsReader reader = new SettingsReader(Map.of("rate", "NaN"));
        reader.number("rate", 0.1, 0, 1, "learning rate");

        assertThatThrownBy(reader::finish).hasMessageContaining("rate = NaN: must be a number from 0 to 1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"sasl.jaas.config", "ssl.key.password", "ssl.keystore.key", "schema.registry.authorisation"})
    void theValueOfAKeyThatLooksSecretIsNotTold(String key) {
        SettingsReader reader = new SettingsReader(Map.of(key, "in-clear"));

        assertThatThrownBy(reader::finish).hasMessageStartingWith(key + " = (hidden): is not a setting");
    }

    @Test
    void aRetiredKeyOfAnEarlierVersionIsPassedOverIfNothingDependedOnIt() {
        Map<String, String> older = Map.of("exam.every", "1", "tower.shape", "wide");

        assertThatThrownBy(() -> withRetired(older).finish())
                .hasMessageContaining("exam.every = 1: is no longer a setting, exam.budget has taken its place")
                .hasMessageContaining("tower.shape = wide: is no longer a setting, tower.layers has");
        assertThatThrownBy(() -> withRetired(older).finishKept())
                .hasMessageNotContaining("exam.every")
                .hasMessageContaining("tower.shape = wide: is no longer a setting, tower.layers has");
        withRetired(Map.of("exam.every", "1")).finishKept();
    }

    private static SettingsReader withRetired(Map<String, String> given) {
        SettingsReader reader = new SettingsReader(given);
        reader.retired("tower.shape", "tower.layers");
        reader.free(free -> {
            free.retired("exam.every", "exam.budget");
            return free;
        });
        return reader;
    }
}
