package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.ShopGenerator;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which events: a recorded data set, or the generated shop where none is named. */
final class DataOptions {

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "folder of the data set, or the mapping file of a log; without it a shop is generated")
    @Nullable
    Path data;

    @Option(names = "--format", paramLabel = "FORMAT", description = "kuairand, movielens, yidian, csv or jsonl")
    @Nullable
    String format;

    /** The events; read anew at each call. */
    DataSet open(MillraceSettings settings) {
        Optional<DataFormat> named = format();
        if (data == null) {
            return new ShopGenerator(settings.shop());
        }
        return named.orElseThrow().open(data, settings.replay());
    }

    /** The data set's name, for a heading. */
    String name() {
        return data == null ? "generated shop" : String.valueOf(data.getFileName());
    }

    boolean isGenerated() {
        return data == null;
    }

    /** Reads the settings for these events: the file that goes with the format, and the mode that the data asks for. */
    MillraceSettings settings(ConfigOptions config, Map<String, String> more) {
        return settings(config, List.of(), more);
    }

    /** @param overlays settings files that hold over the others */
    MillraceSettings settings(ConfigOptions config, List<Path> overlays, Map<String, String> more) {
        Optional<Path> fallback = format().map(found -> found.name().toLowerCase(Locale.ROOT))
                .or(() -> Optional.of("shop"))
                .map(name -> home().resolve("config").resolve(name + ".properties"))
                .filter(Files::isReadable);
        MillraceSettings settings = config.settings(fallback, overlays, more);
        boolean hasExposures = open(settings).hasExposures();
        if (hasExposures) {
            return settings;
        }
        Map<String, String> withMode = new java.util.TreeMap<>(more);
        withMode.putIfAbsent("attribution.mode", "clicks-only");
        return config.settings(fallback, overlays, withMode);
    }

    private Optional<DataFormat> format() {
        if ((data == null) != (format == null)) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    data == null ? "--data" : "--format",
                    "absent",
                    "must be given together with " + (data == null ? "--format" : "--data"))));
        }
        if (format == null) {
            return Optional.empty();
        }
        for (DataFormat each : DataFormat.values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(format)) {
                return Optional.of(each);
            }
        }
        throw new InvalidSettingsException(
                List.of(new SettingFault("--format", format, "must be kuairand, movielens, yidian, csv or jsonl")));
    }

    /** The settings of the generated shop. */
    static Path shopFile() {
        return home().resolve("config").resolve("shop.properties");
    }

    private static Path home() {
        return Path.of(System.getenv().getOrDefault("MILLRACE_HOME", "."));
    }
}
