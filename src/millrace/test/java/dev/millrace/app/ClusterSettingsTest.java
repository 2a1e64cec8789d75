package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingDoc;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterSettingsTest {

    @Test
    void faultsOfOtherSettingsDoNotStopIt(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(
                directory.resolve("my.properties"),
                """
                topic.generations.name = ours
                tower.dim = none
                features.user = nonsense
                tower.channels = one
                tower.channel.one.user.graph = absent.json
                """);
        Map<String, String> environment = Map.of("MILLRACE_KAFKA_CLIENT_ID", "ops", "MILLRACE_BATCH_SIZE", "0");
        assertThatThrownBy(() -> MillraceSettings.load(sources(file, environment, Map.of())))
                .isInstanceOf(InvalidSettingsException.class);

        ClusterSettings settings = ClusterSettings.load(sources(file, environment, Map.of("loss.temperature", "-1")));

        assertThat(settings.topics().names().generations()).isEqualTo("ours");
        assertThat(settings.clients().clientId()).isEqualTo("ops");
    }

    @Test
    void itsOwnFaultsAreToldTogether(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("my.properties"), "topic.partitions = 0\n");

        assertThatThrownBy(() -> ClusterSettings.load(sources(file, Map.of(), Map.of("topic.clicks.nmae", "mine"))))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("topic.partitions = 0")
                .hasMessageContaining("topic.clicks.nmae = mine: is not a setting, did you mean topic.clicks.name?");
    }

    @Test
    void itReadsEveryKeyOfItsWords() {
        SettingsReader reader = new SettingsReader(Map.of());
        ClusterSettings.read(reader);

        assertThat(keys(reader.documented()))
                .containsExactlyElementsOf(keys(MillraceSettings.reference()).stream()
                        .filter(key -> ClusterSettings.WORDS.contains(key.split("\\.", 2)[0]))
                        .toList());
    }

    private static List<String> keys(List<SettingDoc> documented) {
        return documented.stream().map(SettingDoc::key).toList();
    }

    private static SettingsSources sources(Path file, Map<String, String> environment, Map<String, String> given) {
        return new SettingsSources(List.of(file), Map.of(), environment, given);
    }
}
