package dev.millrace.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsReaderTest {

    private final AtomicInteger made = new AtomicInteger();

    @Test
    void allFaultsAreReportedTogetherAsPathValueRule() {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "1", "wait", "soon", "batch.sise", "3"));
        reader.integer("batch.size = 128 in [2, 8192]: positives");
        reader.duration("wait = 1s in [1ms, 1d]: how long");

        assertThatThrownBy(reader::finish)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("batch.size = 1: must be a whole number from 2 to 8192")
                .hasMessageContaining("wait = soon: must be a duration from 1ms to 1d, such as 250ms, 30s, 15m, 6h, 7d")
                .hasMessageContaining("batch.sise = 3: is not a setting, did you mean batch.size?");
    }

    @Test
    void defaultsAreDocumentedAsTheyWouldBeWritten() {
        SettingsReader reader = new SettingsReader(Map.of());

        Duration window = reader.duration("window = 90m in [1ms, 1d]: how long");

        assertThat(window).isEqualTo(Duration.ofMinutes(90));
        assertThat(reader.documented())
                .singleElement()
                .extracting(SettingDoc::byDefault)
                .isEqualTo("90m");
    }

    @Test
    void aKeyThatTwoPartsReadIsOneFault() {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "1"));
        reader.integer("batch.size = 128 in [2, 8192]: positives");
        reader.integer("batch.size = 128 in [2, 8192]: positives");

        assertThatThrownBy(reader::finish)
                .isInstanceOfSatisfying(InvalidSettingsException.class, invalid -> assertThat(invalid.faults())
                        .hasSize(1));
    }

    @Test
    void costlyChecksRunOnceAndLast() {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "3"));
        reader.integer("batch.size = 128 in [2, 8192]: positives");
        for (int part = 0; part < 2; part++) {
            reader.requireLast("odd", () -> reader.require(false, "batch.size", made.incrementAndGet(), "is costly"));
        }

        assertThatThrownBy(reader::finish).hasMessageContaining("batch.size = 1: is costly");
        assertThatThrownBy(reader::finish).isInstanceOf(InvalidSettingsException.class);
        assertThat(made).hasValue(1);
    }

    @Test
    void aDurationBeyondTheLargestNumberIsAFault() {
        SettingsReader reader = new SettingsReader(Map.of("wait", "9223372036854775807d"));
        reader.duration("wait = 1s in [1ms, 1d]: how long");

        assertThatThrownBy(reader::finish).hasMessageContaining("wait = 9223372036854775807d: must be a duration from");
    }

    @Test
    void aTextThatNamesNothingIsAFault() {
        SettingsReader reader = new SettingsReader(Map.of("where", "http://a b"));

        URI where = reader.value("where = http://c: where to", URI::create, "must be a URL");

        assertThat(where).isEqualTo(URI.create("http://c"));
        assertThatThrownBy(reader::finish).hasMessageContaining("where = http://a b: must be a URL");
    }

    @Test
    void nanIsNotANumberInRange() {
        SettingsReader reader = new SettingsReader(Map.of("rate", "NaN"));
        reader.number("rate = 0.1 in [0, 1]: learning rate");

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
    void aSettingOfEachNameIsReadUnderThatName() {
        SettingsReader reader = new SettingsReader(Map.of("tower.a = b: $1.dim", "0", "tower.x.dim", "3"));

        reader.named("a = b: $1").integer("tower.<name>.dim = 4 in [1, 9]: width");
        int dim = reader.named("x").integer("tower.<name>.dim = 4 in [1, 9]: width");

        assertThat(dim).isEqualTo(3);
        assertThat(reader.documented()).extracting(SettingDoc::key).contains("tower.a = b: $1.dim", "tower.x.dim");
        assertThat(reader.documented()).extracting(SettingDoc::pattern).containsOnly("tower.<name>.dim");
        assertThatThrownBy(reader::finish).hasMessage("tower.a = b: $1.dim = 0: must be a whole number from 1 to 9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dim", "dim = 4 in [1, 9] width", "the dim = 4: width"})
    void whatDeclaresNoSettingIsRefused(String declaration) {
        assertThatThrownBy(() -> new SettingsReader(Map.of()).text(declaration))
                .isInstanceOf(IllegalStateException.class);
    }
}
