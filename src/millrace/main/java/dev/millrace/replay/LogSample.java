package dev.millrace.replay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.event.UnusableEventException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The first rows of a log that has no mapping yet. How it is written is found from the rows.
 *
 * @param file that was read
 * @param format CSV, JSONL or PARQUET
 * @param written keys of a mapping's section that say how the file is written, where that is not the default
 * @param columns all columns, in the order of the file
 * @param rows how many rows were read
 * @param badRows how many more could not be read
 * @param isWhole whether the file has no further row
 */
public record LogSample(
        Path file,
        DataFormat format,
        SortedMap<String, String> written,
        List<Column> columns,
        int rows,
        long badRows,
        boolean isWhole) {

    /** What stands before and between the elements of an array in a cell of JSON lines. */
    public static final char ARRAY = Row.ARRAY;

    /** Texts of a column of actions that say there was none. */
    public static final Set<String> NO_ACTION = LogMapping.NO_ACTION;

    private static final char[] DELIMITERS = {',', '\t', ';', '|', ' '};
    private static final int TRIAL_ROWS = 200;
    private static final double MOST_BAD_ROWS = 0.02;
    private static final int MOST_COLUMNS = 1_000;
    private static final long MOST_CHARS = 1L << 27;
    /** What a cell takes beside its text, in characters. */
    private static final int CELL_CHARS = 8;
    /** What a text that is kept takes beside its characters. */
    private static final int TEXT_CHARS = 64;

    private static final char UNDECODED = '\ufffd';

    public LogSample {
        written = new TreeMap<>(written);
        columns = List.copyOf(columns);
    }

    /**
     * One column of the sample.
     *
     * @param name or path in JSON lines
     * @param cells [rows] stripped text of each row; empty if there is no value
     */
    public record Column(String name, List<String> cells) {
        public Column {
            cells = List.copyOf(cells);
        }
    }

    /**
     * Reads the start of a file, plain or gzipped: fewer rows than the most if they are so long that they would fill the memory.
     *
     * @param most rows to read
     * @throws UncheckedIOException if the file cannot be read
     */
    public static LogSample read(Path file, int most) {
        return read(file, most, MOST_CHARS);
    }

    /** @param mostChars about how many characters of memory the sample may take */
    static LogSample read(Path file, int most, long mostChars) {
        RowFile parquet = new RowFile(file, new RowFormat.Parquet(), List.of());
        if (parquet.isParquet()) {
            RowFile whole = new RowFile(file, parquet.format(), RowReader.columns(parquet));
            return read(whole, DataFormat.PARQUET, new TreeMap<>(), most, mostChars);
        }
        return decoded(read(file, most, mostChars, StandardCharsets.UTF_8))
                .orElseGet(() -> read(file, most, mostChars, StandardCharsets.ISO_8859_1));
    }

    /** Keeps a sample of the right character set only, so that no two are held. */
    private static Optional<LogSample> decoded(LogSample sample) {
        return sample.columns.stream()
                        .allMatch(column -> column.cells.stream().noneMatch(cell -> cell.indexOf(UNDECODED) >= 0))
                ? Optional.of(sample)
                : Optional.empty();
    }

    private static LogSample read(Path file, int most, long mostChars, Charset charset) {
        SortedMap<String, String> written = new TreeMap<>();
        if (!charset.equals(StandardCharsets.UTF_8)) {
            written.put("charset", charset.name());
        }
        RowFormat.JsonLines json = new RowFormat.JsonLines(charset);
        RowFile lines = new RowFile(file, json, List.of());
        if (lines.begin(1).stream().anyMatch(line -> line.startsWith("{"))) {
            List<String> paths = paths(lines, most);
            return read(new RowFile(file, json, paths), DataFormat.JSONL, written, most, mostChars);
        }
        RowFile csv = csv(file, charset, written);
        return read(csv, DataFormat.CSV, written, most, mostChars);
    }

    private static LogSample read(
            RowFile file, DataFormat format, SortedMap<String, String> written, int most, long mostChars) {
        List<List<String>> cells = new ArrayList<>();
        file.columns().forEach(column -> cells.add(new ArrayList<>()));
        Map<String, String> seen = new HashMap<>(); // most texts come often, and are kept once
        BadRows bad = new BadRows(0);
        int count = 0;
        long chars = 0;
        try (RowReader rows = file.rows(bad)) {
            for (; count < most && chars < mostChars && rows.hasNext(); count++) {
                Row row = rows.next();
                for (int at = 0; at < cells.size(); at++) {
                    String cell = row.cells().get(at);
                    String known = seen.putIfAbsent(cell, cell);
                    cells.get(at).add(known == null ? cell : known);
                    chars += CELL_CHARS + (known == null ? TEXT_CHARS + cell.length() : 0);
                }
            }
            boolean isWhole = !rows.hasNext();
            List<Column> columns = new ArrayList<>();
            for (String name : file.columns()) {
                columns.add(new Column(name, cells.remove(0))); // which copies them: no two copies of all are held
            }
            return new LogSample(file.path(), format, written, columns, count, bad.count(), isWhole);
        }
    }

    /** Chooses the delimiter and the quote that give the most cells a row, among those that nearly all rows agree with. */
    private static RowFile csv(Path path, Charset charset, SortedMap<String, String> written) {
        int best = 0;
        char delimiter = DELIMITERS[0];
        boolean isQuoted = true;
        for (boolean quoted : List.of(true, false)) {
            for (char candidate : DELIMITERS) {
                RowFormat.Csv format = format(candidate, quoted, List.of(), charset);
                RowFile file = new RowFile(path, format, List.of());
                int width = RowReader.columns(file).size();
                if (width > best && isEven(file)) {
                    best = width;
                    delimiter = candidate;
                    isQuoted = quoted;
                }
            }
        }
        if (delimiter != ',') {
            written.put(
                    "delimiter", delimiter == '\t' ? "tab" : delimiter == ' ' ? "space" : String.valueOf(delimiter));
        }
        if (!isQuoted) {
            written.put("quote", "none");
        }
        List<String> first =
                RowReader.columns(new RowFile(path, format(delimiter, isQuoted, List.of(), charset), List.of()));
        if (isHeader(first)) {
            return new RowFile(path, format(delimiter, isQuoted, List.of(), charset), first);
        }
        List<String> names = IntStream.rangeClosed(1, first.size())
                .mapToObj(at -> "column" + at)
                .toList();
        written.put("header", "false");
        written.put("columns", String.join(", ", names));
        return new RowFile(path, format(delimiter, isQuoted, names, charset), names);
    }

    private static RowFormat.Csv format(char delimiter, boolean isQuoted, List<String> names, Charset charset) {
        return new RowFormat.Csv(delimiter, isQuoted ? Optional.of('"') : Optional.empty(), names, charset);
    }

    /** Returns true if nearly all of the first rows have as many cells as the first line. */
    private static boolean isEven(RowFile file) {
        BadRows bad = new BadRows(0);
        int good = 0;
        try (RowReader rows = file.rows(bad)) {
            while (good < TRIAL_ROWS && bad.count() < TRIAL_ROWS && rows.hasNext()) {
                rows.next();
                good++;
            }
        }
        return bad.count() <= MOST_BAD_ROWS * (good + bad.count());
    }

    /** No name is a number or a time. */
    private static boolean isHeader(List<String> first) {
        return first.stream().noneMatch(LogSample::isValue);
    }

    private static boolean isValue(String cell) {
        try {
            Row.number("", cell);
            return true;
        } catch (UnusableEventException notANumber) {
            return TimeScale.likely(cell).isPresent();
        }
    }

    /** The paths of all values that are no objects, in the order in which they first come. */
    private static List<String> paths(RowFile file, int most) {
        ObjectMapper json = new ObjectMapper();
        Set<String> paths = new LinkedHashSet<>();
        try (LineReader lines = file.open()) {
            String line = lines.readLine();
            for (int row = 0; row < most && line != null; row++) {
                try {
                    addPaths(json.readTree(line), "", paths);
                } catch (JsonProcessingException malformed) {
                    // the reader of the rows counts it
                }
                line = lines.readLine();
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read " + file.path(), failure);
        }
        return List.copyOf(paths);
    }

    private static void addPaths(JsonNode node, String prefix, Set<String> paths) {
        node.properties().forEach(field -> {
            if (field.getValue().isObject()) {
                addPaths(field.getValue(), prefix + field.getKey() + ".", paths);
            } else if (paths.size() < MOST_COLUMNS) {
                paths.add(prefix + field.getKey());
            }
        });
    }
}
