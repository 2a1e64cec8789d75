package dev.millrace.replay;

import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import dev.millrace.settings.SettingsText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** The user's own log, in CSV, JSON lines or Parquet, read through a mapping file. {@code docs/your-own-data.md} has every key. */
final class MappedLog implements DataSet {

    private static final String MAPPING = "mapping.properties";
    private static final long MOST_MAPPING_BYTES = 1 << 20;
    private static final String WANTED =
            "a mapping file of key = value lines, which names the files and their columns (docs/your-own-data.md)";

    private final boolean isOwn; // of a user, who would have features checked
    private final boolean isSorted;
    private final boolean hasExposures;
    private final List<LogFile> log = new ArrayList<>();
    private final List<Table> items;
    private final List<Table> users;
    private final DeclaredFeatures declared = new DeclaredFeatures();
    private final List<TableMapping> mappings = new ArrayList<>();

    /**
     * @param data the mapping file, or a folder that holds {@code mapping.properties}
     * @param format CSV, JSONL or PARQUET
     * @throws InvalidSettingsException if the mapping cannot be used; it has every fault
     */
    MappedLog(Path data, DataFormat format) {
        this(properties(file(data)), folder(file(data)), format, Map.of());
    }

    /**
     * @param given the mapping
     * @param folder that holds its files
     * @param format CSV, JSONL or PARQUET
     * @param made columns that the files do not have, by section
     * @throws InvalidSettingsException if the mapping cannot be used; it has every fault
     */
    MappedLog(Map<String, String> given, Path folder, DataFormat format, Map<String, MadeColumns> made) {
        SettingsReader reader = new SettingsReader(given);
        isOwn = made.isEmpty();
        Function<String, TableMapping> tables = section ->
                new TableMapping(reader, folder, format, section, made.getOrDefault(section, MadeColumns.NONE));
        isSorted = reader.flag("sorted = false: whether the rows of each file are in time order, and need no memory");
        boolean hasBoth = has(given, "log");
        boolean hasOnlyExposures = has(given, "exposures");
        boolean hasOnlyClicks = has(given, "clicks");
        reader.require(
                hasBoth ? !hasOnlyExposures && !hasOnlyClicks : hasOnlyClicks,
                hasBoth ? "log.files" : "clicks.files",
                given.getOrDefault(hasBoth ? "log.files" : "clicks.files", ""),
                "there must be either log.files, whose rows are exposures that may be clicked, or clicks.files with or"
                        + " without exposures.files");
        hasExposures = hasBoth || hasOnlyExposures;
        for (String section : List.of("log", "exposures", "clicks")) {
            if (has(given, section)) {
                TableMapping table = tables.apply(section);
                LogMapping rows =
                        new LogMapping(reader, table, !section.equals("clicks"), !section.equals("exposures"));
                rows.declare(declared);
                log.addAll(rows.files(table.finish()));
                mappings.add(table);
            }
        }
        items = has(given, "items") ? tables(tables.apply("items"), Source.ITEM) : List.of();
        users = has(given, "users") ? tables(tables.apply("users"), Source.USER) : List.of();
        reader.finish();
    }

    @Override
    public boolean hasExposures() {
        return hasExposures;
    }

    @Override
    public List<String> emptyColumns() {
        return mappings.stream()
                .flatMap(mapping -> mapping.emptyColumns().stream())
                .toList();
    }

    @Override
    public Optional<DeclaredFeatures> declared() {
        return Optional.of(declared).filter(all -> isOwn);
    }

    @Override
    public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
        Timeline timeline = new Timeline(read(items, badRows), read(users, badRows), log);
        return isSorted ? timeline.streamed(badRows) : timeline.sortedInMemory(badRows);
    }

    private List<Table> tables(TableMapping table, Source source) {
        EntryMapping rows = new EntryMapping(table, source);
        rows.declare(declared);
        mappings.add(table);
        return table.finish().stream()
                .map(file -> new Table(file, row -> rows.entry(table.made(row))))
                .toList();
    }

    private static FeatureTable read(List<Table> tables, Consumer<? super BadRow> badRows) {
        return new FeatureTable(tables.stream()
                .flatMap(table -> FeatureTable.read(table.rows(), table.decoder(), badRows).entries().stream())
                .toList());
    }

    static Path file(Path data) {
        Path file = Files.isDirectory(data) ? data.resolve(MAPPING) : data;
        if (!Files.isRegularFile(file)) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "data", data.toString(), "must be a mapping file, or a folder that holds " + MAPPING)));
        }
        return file;
    }

    private static Path folder(Path file) {
        return Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
    }

    static boolean has(Map<String, String> given, String section) {
        return given.keySet().stream().anyMatch(key -> key.startsWith(section + "."));
    }

    static Map<String, String> properties(Path file) {
        String text;
        try {
            if (Files.size(file) > MOST_MAPPING_BYTES) { // such as the log itself
                throw new InvalidSettingsException(List.of(new SettingFault(
                        "data", file.toString(), "has more than " + MOST_MAPPING_BYTES + " bytes; must be " + WANTED)));
            }
            text = Files.readString(file);
        } catch (CharacterCodingException malformed) {
            throw new InvalidSettingsException(
                    List.of(new SettingFault("data", file.toString(), "is not UTF-8; must be " + WANTED)));
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read " + file, failure);
        }
        Map<String, String> given = new TreeMap<>();
        // a tab as the value would be stripped like any blank
        SettingsText.read("data", file.toString(), text, WANTED)
                .forEach((key, value) -> given.put(key, value.equals("\t") ? "tab" : value));
        return given;
    }

    /**
     * A file of items or users.
     *
     * @param rows of the file
     * @param decoder of these rows
     */
    private record Table(RowFile rows, Function<Row, FeatureTable.Entry> decoder) {}
}
