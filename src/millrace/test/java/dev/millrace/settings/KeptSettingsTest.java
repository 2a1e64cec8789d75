package dev.millrace.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class KeptSettingsTest {

    @Test
    void whatAPartReadsIsKeptButForWhatItReadsAsFree() {
        KeptSettings kept = kept(Map.of("dim", "8"));

        assertThat(kept.texts()).containsOnly(Map.entry("dim", "8"), Map.entry("window", "30m"));
    }

    @Test
    void oneValueHasOneText() {
        KeptSettings kept = kept(Map.of("window", "1800s", "dim", "08"));

        assertThat(kept).isEqualTo(kept(Map.of("window", "30m", "dim", "8")));
    }

    @Test
    void differenceSaysBothValuesAndWhose() {
        KeptSettings here = kept(Map.of("dim", "16", "window", "5m"));
        KeptSettings ofState = kept(Map.of("dim", "8"));

        assertThatThrownBy(() -> here.require(ofState, "the state of application a"))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessage("dim = 16: must be 8, as for the state of application a" + System.lineSeparator()
                        + "window = 5m: must be 30m, as for the state of application a");
    }

    @Test
    void longValuesThatBeginAlikeAreToldApart() {
        String file = "{\"layers\": " + " ".repeat(300);

        assertThat(SettingFault.shown(file + "1}"))
                .startsWith("{\"layers\": … (313 characters, hash ") // 11 of the name, 300 blanks, 2
                .isNotEqualTo(SettingFault.shown(file + "2}"));
    }

    @Test
    void settingThatOneSideDoesNotKnow() {
        KeptSettings here = kept(Map.of());
        KeptSettings older = here.without(new KeptSettings(new TreeMap<>(Map.of("dim", "4"))));

        assertThat(older.texts()).containsOnlyKeys("window");
        assertThat(here.differences(older)).isEmpty(); // the state's version did not know it
        assertThat(older.differences(here)).containsExactly(new KeptSettings.Difference("dim", "(not a setting)", "4"));
    }

    private static KeptSettings kept(Map<String, String> given) {
        return KeptSettings.of(given, reader -> {
            reader.integer("dim = 4 in [1, 100]: width");
            reader.duration("window = 30m in [1ms, 1d]: how long");
            reader.free(free -> free.number("alarm = 0.5 in [0, 1]: when to call"));
        });
    }
}
