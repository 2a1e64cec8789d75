package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.draft.LogDraft;
import dev.millrace.draft.Role;
import dev.millrace.draft.TopicSample;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.LogSample;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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

    @Parameters(paramLabel = "LOG", arity = "0..1", description = "CSV or JSON lines, plain or gzipped, or Parquet")
    @Nullable
    Path log;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            description =
                    "topic of JSON or Avro records to read instead of LOG; its latest records are saved as TOPIC.jsonl"
                            + " in the folder")
    @Nullable
    String topic;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = ".",
            description = "folder for " + MAPPING + " and " + SETTINGS + "; default: the current one")
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
        Cluster cluster = config.settings().cluster();
        try (TopicReader reader = cluster.reader();
                ProgressLine line = output.progress("read")) {
            TopicSample sample = TopicSample.write(
                    reader, cluster.wire(), name, MOST_ROWS, rows -> line.reached(rows, MOST_ROWS), file);
            sample.firstOther()
                    .ifPresent(first -> System.err.printf(
                            Locale.ROOT,
                            "skipped %,d of the last %,d records of %s, which are not objects; the first: %s%n",
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
        tell(draft, sample);
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
        Optional.ofNullable(user).ifPresent(column -> given.put(Role.USER, column));
        Optional.ofNullable(item).ifPresent(column -> given.put(Role.ITEM, column));
        Optional.ofNullable(time).ifPresent(column -> given.put(Role.TIME, column));
        Optional.ofNullable(click).ifPresent(column -> given.put(Role.CLICK, column));
        return given;
    }

    /** Writes both files. They get their names once mapping and settings have been read as every command reads them. */
    private void write(LogDraft draft, DataFormat format, Path log, Path folder) throws IOException {
        // no temporary files of the JDK: those can be read by their owner alone, and would stay so
        Path mapping = folder.resolve("mapping-" + UUID.randomUUID() + ".draft");
        Path settings = folder.resolve("millrace-" + UUID.randomUUID() + ".draft");
        try {
            Files.writeString(mapping, draft.mapping(pattern(log), Optional.ofNullable(topic)));
            String mapped = "\n# what millrace map reads\nmap.mapping = " + MAPPING + "\n";
            Files.writeString(settings, draft.settings() + (topic == null ? "" : mapped));
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

    private void tell(LogDraft draft, LogSample sample) {
        Path mapping = out.resolve(MAPPING);
        Path settings = out.resolve(SETTINGS);
        String format = sample.format().label();
        output.write(Row.of("format", format)
                .with("rows", sample.rows())
                .with("isWhole", sample.isWhole())
                .with("badRows", sample.badRows())
                .with("mapping", mapping.toString())
                .with("settings", settings.toString())
                .with(
                        "columns",
                        draft.choices().stream()
                                .map(choice -> Row.of("column", choice.what())
                                        .with("use", choice.use())
                                        .with("why", choice.why())
                                        .with(
                                                "unsure",
                                                choice.doubt().stream()
                                                        .map("UNSURE: "::concat)
                                                        .toList()))
                                .toList()));
        String data = " --format " + format + " --data " + mapping + " --config " + settings;
        output.say("next: bin/millrace evaluate" + data);
        output.say("next: bin/millrace demo" + data);
        if (topic != null) {
            output.say("live: bin/millrace map --bootstrap-server "
                    + config.settings().clients().bootstrapServers() + " --config " + settings);
        }
    }
}
