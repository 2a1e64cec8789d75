package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where settings come from; the same for every command. */
final class ConfigOptions {

    @Option(names = "--config", paramLabel = "FILE", description = "settings, a file of key = value lines")
    @Nullable
    Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "one setting; goes before file and environment; may be repeated")
    Map<String, String> set = new LinkedHashMap<>();

    MillraceSettings settings() {
        return settings(Map.of());
    }

    /** @param byDefault settings that hold unless file, environment or command line say otherwise */
    MillraceSettings settings(Map<String, String> byDefault) {
        return MillraceSettings.load(Optional.ofNullable(config), byDefault, System.getenv(), set);
    }
}
