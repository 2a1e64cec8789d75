package dev.millrace.replay;

import dev.millrace.event.Click;
import dev.millrace.event.EventLimits;
import dev.millrace.event.UnusableEventException;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Reads one section of a mapping: its files or topics, their format, and its columns.
 *
 * <p>{@link #finish} checks that every file has all columns that were read.
 */
final class TableMapping {

    private static final int FIRST_LINES = 20;
    private static final int LOOKED_ROWS = 10_000;

    private final SettingsReader reader;
    private final String section;
    private final List<String> topics;
    private final List<Path> files;
    private final RowFormat format;
    private final MadeColumns made;
    private final List<String> columns = new ArrayList<>();
    private final List<String> keys = new ArrayList<>();

    TableMapping(SettingsReader reader, Path folder, DataFormat kind, String section, MadeColumns made) {
        this.reader = reader;
        this.section = section;
        this.made = made;
        topics = topicNames();
        files = files(fileNames(), folder);
        format = kind.equals(DataFormat.PARQUET) ? new RowFormat.Parquet() : ofLines(kind);
    }

    private RowFormat ofLines(DataFormat kind) {
        Charset charset = charset(reader.text(key("charset") + " = UTF-8: character set of the files"));
        return kind.equals(DataFormat.JSONL) ? new RowFormat.JsonLines(charset) : csv(charset);
    }

    /** Reads a section for its topics; what it says of files is not used. */
    TableMapping(SettingsReader reader, String section) {
        this.reader = reader;
        this.section = section;
        made = MadeColumns.NONE;
        topics = topicNames();
        List<String> unusedFiles = fileNames();
        format = new RowFormat.JsonLines(charset(reader.text(key("charset") + " = UTF-8: ")));
        RowFormat unusedCells = csv(format.charset());
        files = List.of();
    }

    private List<String> topicNames() {
        return reader.names(key("topics") + ": topics of the cluster, which millrace map reads");
    }

    private List<String> fileNames() {
        return reader.names(key("files") + ": files, relative to the mapping's folder; * stands for any text");
    }

    /** The topics, none if the section has files alone. */
    List<String> topics() {
        return topics;
    }

    /** The columns that were read so far. */
    List<String> columns() {
        return List.copyOf(columns);
    }

    /** Reads a required column. */
    Column column(String name, String byDefault, String doc) {
        String column = reader.text(key(name) + " = " + byDefault + ": " + doc);
        reader.require(!column.isEmpty(), key(name), column, "must name a column");
        return located(name, column);
    }

    /** Reads an optional column, where the section may have it. */
    Optional<Column> optionalColumn(boolean mayHave, String name, String doc) {
        return mayHave ? optionalColumn(name, doc) : Optional.empty();
    }

    /** Reads an optional column. */
    Optional<Column> optionalColumn(String name, String doc) {
        String column = reader.text(key(name) + ": " + doc);
        return column.isEmpty() ? Optional.empty() : Optional.of(located(name, column));
    }

    private Column located(String name, String column) {
        return wanted(new Column(key(name), column));
    }

    private Column wanted(Column column) {
        if (!columns.contains(column.name()) && !made.made().containsKey(column.name())) {
            columns.add(column.name());
            keys.add(column.key());
        }
        return column;
    }

    /** Reads the unit of the section's times. */
    TimeUnit timeUnit() {
        String key = key("time.unit");
        return new TimeUnit(key, reader.choice(key + ": how the time is written", TimeScale.MS));
    }

    /** Reads the name of an action. */
    String action(String name, String byDefault, String doc) {
        String action = reader.text(key(name) + " = " + byDefault + ": " + doc);
        requireAction(key(name), action);
        return action;
    }

    String key(String name) {
        return section + "." + name;
    }

    /** Reads the columns that the keys of a family name, each with the key's value. */
    Map<Column, String> family(String name, String doc) {
        String prefix = key(name) + ".";
        Map<Column, String> columns = new LinkedHashMap<>();
        reader.family(prefix, doc)
                .forEach((key, value) ->
                        columns.put(wanted(new Column(key, key.substring(prefix.length()))), value.strip()));
        return columns;
    }

    /** Reads a family of flags, each with the action that it stands for. */
    Map<Column, String> flags(String name) {
        Map<Column, String> flags = family(name, "a column of a flag and the action that it stands for");
        flags.forEach((column, action) -> requireAction(column.key(), action));
        return flags;
    }

    private void requireAction(String key, String action) {
        try {
            Click.requireAction(action);
        } catch (UnusableEventException unusable) {
            reader.require(
                    false,
                    key,
                    action,
                    "must be the name of an action: not blank, no control characters, at most "
                            + EventLimits.MAX_ID_BYTES + " bytes");
        }
    }

    /** Reads the features of a family, in the order of their keys. */
    List<FeatureColumn> features(String name) {
        List<FeatureColumn> features = new ArrayList<>();
        family(name, "a feature: " + FeatureColumn.RULE).forEach((column, text) -> {
            Optional<FeatureColumn> feature = FeatureColumn.parse(column.name(), text);
            reader.require(feature.isPresent(), column.key(), text, FeatureColumn.RULE);
            feature.ifPresent(features::add);
        });
        return features;
    }

    /**
     * Returns a sentence for each column that no row has a value in, among the first rows of all files together: a typo in a name of JSON lines
     * shows in no other way.
     */
    List<String> emptyColumns() {
        boolean[] isFilled = new boolean[columns.size()];
        int looked = 0;
        for (Path file : files) {
            try (RowReader rows = new RowFile(file, format, columns).rows(bad -> {})) {
                while (looked < LOOKED_ROWS && rows.hasNext()) {
                    List<String> cells = rows.next().cells();
                    for (int at = 0; at < isFilled.length; at++) {
                        isFilled[at] |= !cells.get(at).isEmpty();
                    }
                    looked++;
                }
            }
        }
        List<String> empty = new ArrayList<>();
        for (int at = 0; at < isFilled.length && looked > 0; at++) {
            if (!isFilled[at] && !columns.get(at).isEmpty()) {
                empty.add(String.format(
                        Locale.ROOT,
                        "%s: no row of the first %,d has a value in %s",
                        keys.get(at),
                        looked,
                        columns.get(at)));
            }
        }
        return empty;
    }

    /** Returns a row with the columns that are made of it. */
    Row made(Row row) {
        return made.in(row);
    }

    /** Returns the files with all columns that were read. A file without one of the columns is a fault. */
    List<RowFile> finish() {
        List<RowFile> rows = new ArrayList<>();
        List<String> all =
                Stream.concat(columns.stream(), made.of().stream()).distinct().toList();
        for (Path file : files) {
            RowFile one = new RowFile(file, format, all);
            if (isOfTheFormat(one) && format.namesColumns()) {
                List<String> present = RowReader.columns(one);
                for (int at = 0; at < columns.size(); at++) {
                    reader.require(
                            columns.get(at).isEmpty() || present.contains(columns.get(at)),
                            keys.get(at),
                            columns.get(at),
                            "is not a column of " + one.name() + ", which has " + String.join(", ", present));
                }
            }
            rows.add(one);
        }
        return rows;
    }

    /** Whether its first lines are in the format: else it is one fault, and each of its columns would be one more. */
    private boolean isOfTheFormat(RowFile file) {
        boolean isParquet = file.isParquet();
        if (isParquet || format instanceof RowFormat.Parquet) {
            boolean isBoth = isParquet && format instanceof RowFormat.Parquet;
            reader.require(
                    isBoth,
                    key("files"),
                    file.name(),
                    isParquet ? "is a Parquet file: --format parquet reads it" : "is no Parquet file");
            return isBoth;
        }
        List<String> lines = file.begin(FIRST_LINES);
        long objects = lines.stream()
                .filter(line -> line.startsWith("{") && line.endsWith("}"))
                .count();
        boolean isOther = !lines.isEmpty() && (format.namesColumns() ? objects == lines.size() : objects == 0);
        reader.require(
                !isOther,
                key("files"),
                file.name(),
                format.namesColumns()
                        ? "has a JSON object in each line: --format jsonl reads it"
                        : "has no JSON object in its first lines: --format csv reads cells between delimiters");
        return !isOther;
    }

    private List<Path> files(List<String> names, Path folder) {
        reader.require(!names.isEmpty(), key("files"), "", "must name at least one file");
        List<Path> found = new ArrayList<>();
        for (String name : names) {
            List<Path> matching = matching(folder, name);
            reader.require(
                    !matching.isEmpty(),
                    key("files"),
                    name,
                    "no such file; a path that does not begin with / is one from the mapping's folder, " + folder);
            found.addAll(matching);
        }
        return found;
    }

    private static List<Path> matching(Path folder, String name) {
        List<Path> found = new ArrayList<>();
        try {
            Path path = folder.resolve(name);
            Path parent = Optional.ofNullable(path.getParent()).orElse(folder);
            if (Files.isDirectory(parent)) {
                try (DirectoryStream<Path> paths =
                        Files.newDirectoryStream(parent, String.valueOf(path.getFileName()))) {
                    paths.forEach(found::add);
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot list " + folder, failure);
        } catch (IllegalArgumentException noPattern) { // such as [
            return List.of();
        }
        Collections.sort(found);
        return found;
    }

    private RowFormat csv(Charset charset) {
        char delimiter = single("delimiter", ",", "between cells: one character, or tab, or space")
                .orElse(',');
        Optional<Character> quote = single("quote", "\"", "around cells: one character, or none");
        boolean header = reader.flag(key("header") + " = true: whether the first line names the columns");
        List<String> names =
                reader.names(key("columns") + ": names of all columns, where the first line does not give them");
        reader.require(
                header == names.isEmpty(),
                key("columns"),
                String.join(",", names),
                header ? "must be left out, the first line names them (header = true)" : "must name the columns");
        return new RowFormat.Csv(delimiter, quote, header ? List.of() : names.isEmpty() ? List.of("") : names, charset);
    }

    private Optional<Character> single(String name, String byDefault, String doc) {
        String text = reader.text(key(name) + " = " + byDefault + ": " + doc);
        return switch (text) {
            case "tab" -> Optional.of('\t');
            case "space" -> Optional.of(' ');
            case "none" -> Optional.empty();
            default -> {
                reader.require(text.length() == 1, key(name), text, "must be " + doc);
                yield text.length() == 1 ? Optional.of(text.charAt(0)) : Optional.empty();
            }
        };
    }

    private Charset charset(String name) {
        try {
            return Charset.forName(name);
        } catch (IllegalArgumentException unknown) {
            reader.require(false, key("charset"), name, "must be a character set, such as UTF-8 or ISO-8859-1");
            return StandardCharsets.UTF_8;
        }
    }

    /**
     * A column that a key names.
     *
     * @param key of the mapping
     * @param name of the column
     */
    record Column(String key, String name) {

        /** The cell's text, empty if it has none. */
        String in(Row row) {
            return row.cell(name);
        }

        Optional<String> given(Row row) {
            return row.text(name);
        }

        UnusableEventException named(UnusableEventException unusable) {
            return unusable.ofColumn(name, key);
        }
    }

    /**
     * The unit of a section's times.
     *
     * @param key of the mapping that gives it
     */
    record TimeUnit(String key, TimeScale scale) {

        /**
         * Returns the epoch milliseconds of a cell.
         *
         * @throws UnusableEventException with the cell as it stands, its column, this unit, and the unit in which it is likely
         */
        long millis(Column column, Row row) {
            String text = column.in(row);
            try {
                return scale.millis("time", text);
            } catch (UnusableEventException unusable) {
                throw column.named(new UnusableEventException("time", text.isEmpty() ? "\"\"" : text, rule(text)));
            }
        }

        private String rule(String text) {
            return text.isEmpty()
                    ? "must not be blank"
                    : TimeScale.RULE + " by " + key + " = " + scale.label()
                            + TimeScale.likely(text)
                                    .map(likely -> other(likely, text))
                                    .orElse("");
        }

        private String other(TimeScale likely, String text) {
            return "; by " + key + " = " + likely.label() + " it is "
                    + Instant.ofEpochMilli(likely.millis("time", text));
        }
    }
}
