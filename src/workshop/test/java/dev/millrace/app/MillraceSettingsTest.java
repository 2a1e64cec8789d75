package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.throwable;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingDoc;
import dev.millrace.shop.ShopSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MillraceSettingsTest {

    private final Path directory;

    MillraceSettingsTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void commandLineBeforeEnvironmentBeforeFile() throws IOException {
        Map<String, String> byDefault =
                Map.of("shop.seed", "1", "shop.users", "1", "shop.items", "11", "serve.port", "1");
        Path file = file("shop.users = 2\nshop.items = 12\nserve.port = 2\n");
        Map<String, String> environment = Map.of("MILLRACE_SHOP_ITEMS", "13", "MILLRACE_SERVE_PORT", "3");
        Map<String, String> commandLine = Map.of("serve.port", "4");

        MillraceSettings settings = MillraceSettings.load(List.of(file), byDefault, environment, commandLine);

        assertThat(ShopSettings.read(settings.reader()).seed()).isEqualTo(1);
        assertThat(ShopSettings.read(settings.reader()).users()).isEqualTo(2);
        assertThat(ShopSettings.read(settings.reader()).items()).isEqualTo(13);
        assertThat(settings.serve().port()).isEqualTo(4);
    }

    @Test
    void theMappingIsRelativeToItsSettings() throws IOException {
        Path file = file("map.mapping = mapping.properties\n");

        assertThat(load(Map.of(), file).map().mapping()).contains(directory.resolve("mapping.properties"));
        assertThatThrownBy(() -> load(Map.of()).map().topics())
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("map.mapping");
    }

    @Test
    void twoTopicsOfOneNameAreAFault() {
        assertThatThrownBy(() -> load(Map.of("topic.dead-letters.name", "clicks", "topic.items.name", "users")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("topic.dead-letters.name = clicks: must not be that of topic.clicks.name")
                .hasMessageContaining("topic.items.name = users: must not be that of topic.users.name");
    }

    @Test
    void aLaterFileGoesBeforeAnEarlierOne() throws IOException {
        Path base = file("shop.users = 2\nshop.items = 12\n");
        Path overlay = Files.writeString(directory.resolve("overlay.properties"), "shop.items = 13\n");

        MillraceSettings settings = load(Map.of(), base, overlay);

        assertThat(ShopSettings.read(settings.reader()).users()).isEqualTo(2);
        assertThat(ShopSettings.read(settings.reader()).items()).isEqualTo(13);
    }

    @Test
    void anUnlistedFeaturesEarlierSettingsGo() throws IOException {
        Path base =
                file("features.item = item, tag, tags\nfeatures.item.tag.kind = bag\nfeatures.item.tags.kind = bag\n");
        Path overlay = Files.writeString(directory.resolve("overlay.properties"), "features.item = item, tags\n");

        MillraceSettings settings = load(Map.of(), base, overlay);

        assertThat(settings.trainer().model().item())
                .extracting(feature -> feature.name() + " " + feature.kind())
                .containsExactly("item ID", "tags BAG");
        // but in one file a key of a feature that it does not list is a fault
        Path alone = file("features.item = item\nfeatures.item.tag.kind = bag\n");
        assertThatThrownBy(() -> load(Map.of(), alone))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("features.item.tag.kind");
    }

    @Test
    void theEnvironmentReachesEveryKindOfKey() {
        Map<String, String> environment = Map.of(
                "MILLRACE_SHOP_VISITS_PER_USER_PER_DAY", "7",
                "MILLRACE_FEATURES_USER", "history,tab",
                "MILLRACE_FEATURES_USER_TAB_SOURCE", "context",
                "MILLRACE_KAFKA_BOOTSTRAP_SERVERS", "one:1",
                "MILLRACE_KAFKA_SECURITY_PROTOCOL", "SSL",
                "MILLRACE_HOME", "/not/a/setting");

        MillraceSettings settings = MillraceSettings.load(List.of(), Map.of(), environment, Map.of());

        assertThat(ShopSettings.read(settings.reader()).visitsPerUserPerDay()).isEqualTo(7);
        assertThat(settings.trainer().model().user())
                .anySatisfy(feature -> assertThat(feature.toString()).contains("name=tab, source=CONTEXT"));
        assertThat(settings.clients().properties())
                .isEqualTo(Map.of("bootstrap.servers", "one:1", "security.protocol", "SSL"));
    }

    @Test
    void noTwoKeysHaveTheSameNameInTheEnvironment() {
        assertThat(MillraceSettings.reference().stream().map(SettingDoc::key).map(key -> key.toUpperCase(Locale.ROOT)
                        .replace('.', '_')
                        .replace('-', '_')))
                .doesNotHaveDuplicates();
    }

    @Test
    void faultsOfAllPartsAndAllSourcesAreReportedTogether() throws IOException {
        Path file = file("batch.size = 1\n");
        Map<String, String> environment = Map.of("MILLRACE_SERVE_PORT", "many");
        Map<String, String> commandLine = Map.of("loss.temprature", "0.1");

        assertThatThrownBy(() -> MillraceSettings.load(List.of(file), Map.of(), environment, commandLine))
                .asInstanceOf(throwable(InvalidSettingsException.class))
                .extracting(thrown -> thrown.faults().stream()
                        .map(fault -> fault.path() + " = " + fault.value())
                        .toList())
                .isEqualTo(List.of("batch.size = 1", "serve.port = many", "loss.temprature = 0.1"));
    }

    @Test
    void anUnknownKeyIsToldTheNearestOne() {
        assertThatThrownBy(() -> load(Map.of("loss.temprature", "0.1")))
                .hasMessageStartingWith("loss.temprature = 0.1: ")
                .hasMessageContaining("loss.temperature");
    }

    @Test
    void missingFilesAreFaultsOfTheirOption() throws IOException {
        Path table = file("user_id,item_id,time\nann,book,1\nbob,pen,2\n");

        assertThatThrownBy(() -> load(Map.of(), directory.resolve("absent")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("--config = ");
        assertThatThrownBy(() -> load(Map.of(), table))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("looks like CSV, its first line is \"user_id,item_id,time\"");
    }

    private static MillraceSettings load(Map<String, String> given, Path... files) {
        return MillraceSettings.load(List.of(files), Map.of(), Map.of(), given);
    }

    private Path file(String content) throws IOException {
        return Files.writeString(directory.resolve("settings.properties"), content);
    }
}
