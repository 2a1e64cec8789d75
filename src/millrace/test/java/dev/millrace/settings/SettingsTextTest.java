package dev.millrace.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTextTest {

    @Test
    void keysAndValuesAreReadWithTheirCommentsLeftOut() {
        assertThat(read("# a, b, c\n\nbatch.size = 16\nattribution.actions = click,\\\n  like\n"))
                .isEqualTo(Map.of("batch.size", "16", "attribution.actions", "click,like"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "attribution.actions click,like\nbatch.size 16",
                "a: 1,2\nb: 3",
                "clicks.where.device = phone,tablet\nclicks.where.page = home,search",
                "a = 1",
                ""
            })
    void settingsWithListsAreNoTable(String text) {
        assertThat(read(text)).doesNotContainKey("=");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "user_id,item_id\nann,book",
                "user id;item id\nann;book",
                "user\titem\nann\tbook",
                "\uFEFFuser,item",
                "ann,http://shop?item=book,1",
                "# made by hand\nuser|item\nann|book"
            })
    void aTableIsOneFault(String text) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("--config = x: looks like CSV, its first line is \"")
                .hasMessageEndingWith("\"; must be settings");
    }

    @Test
    void aLongFirstLineIsCut() {
        assertThatThrownBy(() -> read("[" + "1".repeat(200)))
                .hasMessage("--config = x: looks like JSON, its first line is \"[" + "1".repeat(79)
                        + "…\"; must be settings");
    }

    @Test
    void aMalformedEscapeIsAFault() {
        assertThatThrownBy(() -> read("a = \\u12"))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("--config = x: must be settings: ");
    }

    private static Map<String, String> read(String text) {
        return SettingsText.read("--config", "x", text, "settings");
    }
}
