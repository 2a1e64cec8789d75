package dev.millrace.cli.option;

import dev.millrace.app.ClusterSettings;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.SettingsFile;
import dev.millrace.app.SettingsSources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where settings come from; the same for every command. */
public final class ConfigOptions {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "settings file of key = value lines; may be repeated: later files override earlier ones")
    public List<Path> config = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "one setting, which overrides files and environment; may be repeated")
    public Map<String, String> set = new LinkedHashMap<>();

    @Option(
            names = {"--bootstrap-server", "--bootstrap-servers"},
            paramLabel = "HOST:PORT",
            description = "brokers to contact first; same as kafka.bootstrap.servers")
    @Nullable
    String bootstrapServer;

    @Option(
            names = "--command-config",
            paramLabel = "FILE",
            description = "properties for Kafka's clients, as Kafka's own tools take them (security and the like)")
    @Nullable
    Path commandConfig;

    public MillraceSettings settings() {
        return settings(Optional.empty(), List.of(), Map.of(), Map.of());
    }

    /** Those alone that a command needs which neither learns nor serves. */
    public ClusterSettings cluster() {
        return ClusterSettings.load(new SettingsSources(config, Map.of(), System.getenv(), given()));
    }

    /**
     * @param fallback settings file to use where the command line names none
     * @param overlays settings files that hold over those of the command line, the later ones over the earlier
     * @param byDefault settings that hold unless file, environment or command line say otherwise
     * @param changes settings that hold over all others
     */
    public MillraceSettings settings(
            Optional<Path> fallback, List<Path> overlays, Map<String, String> byDefault, Map<String, String> changes) {
        Map<String, String> given = given();
        given.putAll(changes);
        List<Path> files = new ArrayList<>(config.isEmpty() ? fallback.stream().toList() : config);
        files.addAll(overlays);
        return MillraceSettings.load(files, byDefault, System.getenv(), given);
    }

    private Map<String, String> given() {
        Map<String, String> given = new LinkedHashMap<>();
        if (commandConfig != null) {
            SettingsFile.read("--command-config", commandConfig, "properties of Kafka's clients, key = value lines")
                    .forEach((key, value) -> given.put("kafka." + key, value));
        }
        if (bootstrapServer != null) {
            given.put("kafka.bootstrap.servers", bootstrapServer);
        }
        given.putAll(set);
        return given;
    }
}
