package dev.millrace.cli.option;

import dev.millrace.app.Extension;
import dev.millrace.app.MillraceSettings;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.model.ModelSettings;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.DataSet;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that choose the events: a recorded data set, or the generated shop if none is given. */
public final class DataOptions {

    private static final String SHOP = "shop";

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "folder of the data set, or mapping file of a log. Default of demo: the generated shop")
    @Nullable
    Path data;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            completionCandidates = Formats.class,
            description = "one of ${COMPLETION-CANDIDATES}")
    @Nullable
    String format;

    /** Opens the data set. */
    public DataSet open(MillraceSettings settings) {
        Optional<DataFormat> named = format();
        if (data == null) {
            return generated(settings);
        }
        return named.orElseThrow().open(data, settings.reader());
    }

    /** The data set's name, for a heading. */
    public String name() {
        return data == null ? "generated shop" : String.valueOf(data.getFileName());
    }

    public boolean isGenerated() {
        return data == null;
    }

    /** The path alone, for what no format reads. */
    public Optional<Path> path() {
        return Optional.ofNullable(data);
    }

    /** As the other one, with no overlays nor changes. */
    public MillraceSettings settings(ConfigOptions config, Map<String, String> byDefault) {
        return settings(config, List.of(), byDefault, Map.of());
    }

    /**
     * Reads the settings for these events. The format names a settings file, and the data decides about the attribution mode.
     *
     * @param overlays settings files that override the others
     * @param byDefault settings that hold unless file, environment or command line say otherwise
     * @param changes settings that hold over all others
     */
    public MillraceSettings settings(
            ConfigOptions config, List<Path> overlays, Map<String, String> byDefault, Map<String, String> changes) {
        Optional<Path> fallback = Optional.of(
                        configFile(format().map(DataFormat::label).orElse(SHOP)))
                .filter(Files::isReadable);
        MillraceSettings settings = config.settings(fallback, overlays, byDefault, changes);
        if (open(settings).hasExposures()) {
            return settings;
        }
        Map<String, String> withMode = new TreeMap<>(byDefault);
        withMode.putIfAbsent("attribution.mode", "clicks-only");
        return config.settings(fallback, overlays, withMode, changes);
    }

    /**
     * Checks that the towers read what a mapping gives: a typo in a name would teach them nothing, and nobody would see it.
     *
     * @throws InvalidSettingsException with every feature that the mapping does not give, or gives otherwise
     */
    public void requireFeatures(MillraceSettings settings) {
        ModelSettings model = settings.trainer().model();
        List<SettingFault> faults = new ArrayList<>();
        open(settings).declared().ifPresent(declared -> {
            faults.addAll(declared.faults("user", model.user()));
            faults.addAll(declared.faults("item", model.item()));
        });
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }

    /** Says which columns of a mapping are in no row, as a typo is. */
    public static void sayEmptyColumns(DataSet dataSet, PrintWriter err) {
        dataSet.emptyColumns().forEach(err::println);
        err.flush();
    }

    /** The features that a mapping gives and no tower reads, nor goes out with the vectors. */
    public static List<String> unreadFeatures(DataSet dataSet, MillraceSettings settings) {
        ModelSettings model = settings.trainer().model();
        List<FeatureSpec> read = new ArrayList<>(model.user());
        read.addAll(model.item());
        return dataSet.declared()
                .map(declared ->
                        declared.unread(read, settings.trainer().publish().attributes()))
                .orElse(List.of());
    }

    private static DataSet generated(MillraceSettings settings) {
        return Extension.ALL.stream()
                .map(extension -> extension.generated(settings.reader()))
                .findFirst()
                .orElseThrow(() -> OptionFaults.unusable("--data", "absent", "must be given"));
    }

    private static Stream<DataFormat> formats() {
        return Stream.concat(
                Extension.ALL.stream().flatMap(extension -> extension.formats().stream()),
                Stream.of(DataFormat.CSV, DataFormat.JSONL, DataFormat.PARQUET));
    }

    /** The names of the formats, for the help. */
    static final class Formats extends ArrayList<String> {
        Formats() {
            super(DataOptions.formats().map(DataFormat::label).toList());
        }
    }

    private Optional<DataFormat> format() {
        if ((data == null) != (format == null)) {
            throw OptionFaults.unusable(
                    data == null ? "--data" : "--format",
                    "absent",
                    "must be given together with " + (data == null ? "--format" : "--data"));
        }
        String given = format;
        if (given == null) {
            return Optional.empty();
        }
        String choices = String.join(", ", new Formats());
        return Optional.of(formats()
                .filter(one -> one.label().equals(given))
                .findFirst()
                .orElseThrow(() -> OptionFaults.unusable("--format", given, "must be one of " + choices)));
    }

    /** The settings of the generated shop. */
    public static Path shopFile() {
        return configFile(SHOP);
    }

    private static Path configFile(String name) {
        Path home = Path.of(System.getenv().getOrDefault("MILLRACE_HOME", "."));
        return home.resolve("config").resolve(name + ".properties");
    }
}
