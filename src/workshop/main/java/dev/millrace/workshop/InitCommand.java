package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.draft.Choice;
import dev.millrace.draft.LogDraft;
import dev.millrace.draft.Role;
import dev.millrace.draft.TopicSample;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.LogSample;
import dev.millrace.topic.TopicReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "init",
        mixinStandardHelpOptions = true,
        description = "Draft a mapping and settings for a log of your own, from its first rows.",
        footer = {
            "millrace init shop-log.csv.gz --out shop",
            "millrace init --topic page-views --bootstrap-server kafka:9092 --out shop"
        })
final class InitCommand implements Callable<Integer> {

    private static final int MOST_ROWS = 100_000;
    private static final String MAPPING = "mapping.properties";
    private static final String SETTINGS = "millrace.properties";

    @Spec
    @Nullable
    CommandSpec spec;

    @Parameters(paramLabel = "LOG", arity = "0..1", description = "CSV or JSON lines, plain or gzipped")
    @Nullable
    Path log;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            description = "a topic of JSON in place of LOG. Its last records become TOPIC.jsonl in the folder")
    @Nullable
    String topic;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = ".",
            description = "folder for " + MAPPING + " and " + SETTINGS + ". Default: the current one")
    Path out = Path.of(".");

    @Option(names = "--force", description = "overwrite these files")
    boolean force;

    @Option(names = "--user", paramLabel = "COLUMN", description = "column of the user's id")
    @Nullable
    String user;

    @Option(names = "--item", paramLabel = "COLUMN", description = "column of the item's id")
    @Nullable
    String item;

    @Option(names = "--time", paramLabel = "COLUMN", description = "column of the event time")
    @Nullable
    String time;

    @Option(names = "--click", paramLabel = "COLUMN", description = "column of a flag: the exposure was clicked")
    @Nullable
    String click;

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() throws IOException {
        if (log == null && topic == null) {
            throw OptionFaults.unusable("LOG", "absent", "must be given, or --topic in its place");
        }
        if (log != null && topic != null) {
            throw OptionFaults.unusable("LOG", log.toString(), "must not be given with --topic");
        }
        Path folder = out.toAbsolutePath().normalize();
        requireFree(folder.resolve(MAPPING));
        requireFree(folder.resolve(SETTINGS));
        if (log != null) {
            Path file = log.toAbsolutePath().normalize();
            return draft(file, file, folder);
        }
        Path sampled = folder.resolve(topic + ".jsonl");
        requireFree(sampled);
        Path draft = folder.resolve(UUID.randomUUID() + ".draft");
        Path fresh = draft.resolve(topic + ".jsonl"); // the one of an earlier draft goes on if this one fails
        Files.createDirectories(draft);
        try {
            sample(Objects.requireNonNull(topic), fresh);
            return draft(fresh, sampled, folder);
        } finally {
            Files.deleteIfExists(fresh);
            Files.delete(draft);
        }
    }

    private void sample(String name, Path file) throws IOException {
        try (TopicReader reader = config.settings().cluster().reader();
                ProgressLine line = progress.line("read")) {
            TopicSample sample =
                    TopicSample.write(reader, name, MOST_ROWS, rows -> line.reached(rows, MOST_ROWS), file);
            sample.firstOther()
                    .ifPresent(first -> System.err.printf(
                            Locale.ROOT,
                            "%,d of the last %,d records of %s are no JSON objects, and left out; the first: %s%n",
                            sample.others(),
                            sample.rows() + sample.others(),
                            name,
                            first));
        }
    }

    /** @param file where the log is from now on; it gets this name once the columns are told */
    private int draft(Path read, Path file, Path folder) throws IOException {
        Path named = file.startsWith(folder) ? folder.relativize(file) : file;
        if (named.toString().contains(",")) {
            throw OptionFaults.unusable(
                    "LOG", named.toString(), "must be a path without a comma, which separates the files of a mapping");
        }
        LogSample sample = LogSample.read(read, MOST_ROWS);
        LogDraft draft = LogDraft.of(sample, given());
        Files.createDirectories(folder);
        if (!read.equals(file)) {
            Files.move(read, file, StandardCopyOption.REPLACE_EXISTING);
        }
        write(draft, sample.format(), named, folder);
        PrintWriter told = Objects.requireNonNull(spec).commandLine().getOut();
        output.write(told, object(draft, sample), () -> print(draft, sample, told));
        return 0;
    }

    private void requireFree(Path file) {
        if (Files.exists(file) && !force) {
            throw OptionFaults.unusable(
                    "--out", out.toString(), "has a " + file.getFileName() + ", which only --force overwrites");
        }
    }

    private Map<Role, String> given() {
        Map<Role, String> given = new EnumMap<>(Role.class);
        for (Role role : Role.values()) {
            String column =
                    switch (role) {
                        case USER -> user;
                        case ITEM -> item;
                        case TIME -> time;
                        case CLICK -> click;
                    };
            if (column != null) {
                given.put(role, column);
            }
        }
        return given;
    }

    /** Writes both files. They get their names once mapping and settings have been read as every command reads them. */
    private static void write(LogDraft draft, DataFormat format, Path log, Path folder) throws IOException {
        // no temporary files of the JDK: those can be read by their owner alone, and would stay so
        Path mapping = folder.resolve("mapping-" + UUID.randomUUID() + ".draft");
        Path settings = folder.resolve("millrace-" + UUID.randomUUID() + ".draft");
        try {
            Files.writeString(mapping, draft.mapping(pattern(log)));
            Files.writeString(settings, draft.settings());
            MillraceSettings read = MillraceSettings.load(List.of(settings), Map.of(), Map.of(), Map.of());
            format.open(mapping, read.reader());
            Files.move(mapping, folder.resolve(MAPPING), StandardCopyOption.REPLACE_EXISTING);
            Files.move(settings, folder.resolve(SETTINGS), StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(mapping);
            Files.deleteIfExists(settings);
        }
    }

    /** A mapping takes the last name of a path as a pattern. */
    private static String pattern(Path log) {
        Path name = Objects.requireNonNull(log.getFileName());
        return log.resolveSibling(name.toString().replaceAll("([*?\\[\\]{}\\\\])", "\\\\$1"))
                .toString();
    }

    private Map<String, Object> object(LogDraft draft, LogSample sample) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("format", sample.format().label());
        object.put("rows", sample.rows());
        object.put("isWhole", sample.isWhole());
        object.put("badRows", sample.badRows());
        object.put("columns", sample.columns().size());
        Map<String, Object> roles = new LinkedHashMap<>();
        draft.choices().forEach((role, choice) -> roles.put(role, object(choice)));
        object.put("roles", roles);
        object.put("features", draft.features());
        object.put(
                "doubtfulFeatures",
                draft.doubtfulFeatures().stream().map(InitCommand::object).toList());
        object.put("leftOut", draft.leftOut().stream().map(InitCommand::object).toList());
        object.put("mapping", out.resolve(MAPPING).toString());
        object.put("settings", out.resolve(SETTINGS).toString());
        return object;
    }

    private static Map<String, String> object(Choice choice) {
        Map<String, String> object = new LinkedHashMap<>();
        object.put("what", choice.what());
        object.put("why", choice.why());
        choice.doubt().ifPresent(doubt -> object.put("unsure", doubt));
        return object;
    }

    private void print(LogDraft draft, LogSample sample, PrintWriter told) {
        told.printf(
                Locale.ROOT,
                "read      %s%,d rows, %,d columns, %s%n",
                sample.isWhole() ? "" : "the first ",
                sample.rows(),
                sample.columns().size(),
                sample.format().label());
        if (sample.badRows() > 0) {
            told.printf(Locale.ROOT, "UNSURE    %,d rows could not be read%n", sample.badRows());
        }
        draft.choices().forEach((role, choice) -> print(role, choice, told));
        draft.features()
                .forEach((owner, names) -> told.printf("%-9s features: %s%n", owner, names.isEmpty() ? "none" : names));
        draft.doubtfulFeatures().forEach(choice -> print("feature", choice, told));
        draft.leftOut().stream()
                .filter(choice -> choice.doubt().isPresent()) // the mapping says why of the others
                .forEach(choice -> print("left out", choice, told));
        Path mapping = out.resolve(MAPPING);
        Path settings = out.resolve(SETTINGS);
        told.printf(
                "wrote     %s, %s: each choice with its reason; columns left out: %d%n",
                mapping, settings, draft.leftOut().size());
        if (draft.choices().values().stream().anyMatch(Choice::hasOption)) {
            told.println("settle    by the options named above, and --force, which overwrites the two files");
        }
        String data = " --format " + sample.format().label() + " --data " + mapping + " --config " + settings;
        told.println("next      bin/millrace evaluate" + data);
        told.println("          bin/millrace demo" + data);
    }

    private static void print(String about, Choice choice, PrintWriter out) {
        out.printf("%-9s %s: %s%n", about, choice.what(), choice.why());
        choice.doubt().ifPresent(doubt -> out.println("UNSURE    " + doubt));
    }
}
