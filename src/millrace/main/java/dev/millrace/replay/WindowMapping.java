package dev.millrace.replay;

import dev.millrace.event.UnusableEventException;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The windows that a mapped log is cut into, by a column or by file, and the times of a log that has none.
 *
 * <p>Without times the lines are in the order of time. Line i of the n lines of window t, both from 0, counts as the moment t + i / n, in
 * lengths of a window since 2000. So that n is known, the first time that is asked for has all files read once more. One thread.
 */
final class WindowMapping {

    private static final long BEGINNING = 946_684_800_000L; // 2000-01-01

    private final String key;
    private final Optional<TableMapping.Column> column;
    private final boolean isFile;
    private final long lengthMillis;
    private List<RowFile> files = List.of();
    private Map<RowFile, NavigableMap<Long, Part>> parts = Map.of();

    WindowMapping(SettingsReader reader, TableMapping table) {
        key = table.key("window");
        column = table.optionalColumn("window", "column of the window that the row belongs to");
        isFile = reader.flag(table.key("window.file") + " = false: whether each file is a window");
        String lengthKey = table.key("window.length");
        Duration length = reader.duration(lengthKey
                + " = 0s in [0s, 365d]: the log has no times: its rows, in order, are spread evenly over "
                + "windows of this length; 0s: it has times");
        lengthMillis = length.toMillis();
        reader.require(
                !(isFile && column.isPresent()),
                table.key("window.file"),
                true,
                "must be false if " + key + " names a column");
        reader.require(
                lengthMillis == 0 || isFile || column.isPresent(),
                lengthKey,
                reader.text(lengthKey + " = 0s: "),
                "must be 0s, or " + key + " or " + table.key("window.file") + " must say what the windows are");
    }

    /** @param all files of the log, in order */
    void open(List<RowFile> all) {
        files = List.copyOf(all);
    }

    /** Returns true if the log has no times of its own. */
    boolean givesTimes() {
        return lengthMillis > 0;
    }

    /** Returns the window of a row; empty if the log has no windows. */
    Optional<String> window(RowFile file, Row row) {
        Optional<String> window = named(file, row);
        if (window.isEmpty() && column.isPresent()) {
            throw column.get().named(new UnusableEventException("window", "\"\"", "must not be blank"));
        }
        return window;
    }

    /**
     * Returns the time of a row that has a window, epoch milliseconds.
     *
     * @throws InvalidSettingsException if a window ends and comes back
     */
    long time(RowFile file, Row row) {
        if (parts.isEmpty()) {
            parts = count();
        }
        NavigableMap<Long, Part> ofFile = parts.getOrDefault(file, new TreeMap<>());
        Map.Entry<Long, Part> entry = ofFile.floorEntry(row.line());
        Part part = entry.getValue();
        long place = part.before + row.line() - entry.getKey();
        return BEGINNING + lengthMillis * part.window.number + lengthMillis * place / part.window.lines;
    }

    private Optional<String> named(RowFile file, Row row) {
        return isFile ? Optional.of(file.name()) : column.flatMap(named -> named.given(row));
    }

    private Map<RowFile, NavigableMap<Long, Part>> count() {
        Map<RowFile, NavigableMap<Long, Part>> counted = new HashMap<>();
        Map<String, Lines> windows = new HashMap<>();
        String current = "";
        for (RowFile file : files) {
            NavigableMap<Long, Part> begins = new TreeMap<>();
            counted.put(file, begins);
            try (RowReader rows = file.rows(bad -> {})) {
                while (rows.hasNext()) {
                    Row row = rows.next();
                    String name = named(file, row).orElse("");
                    if (name.isEmpty()) {
                        continue; // a bad row
                    }
                    if (!name.equals(current) && windows.containsKey(name)) {
                        throw new InvalidSettingsException(List.of(new SettingFault(
                                key,
                                name,
                                "comes back in line " + row.line() + " of " + file.name() + ", after window " + current
                                        + "; without times the rows must be in the order of time")));
                    }
                    current = name;
                    Lines lines = windows.computeIfAbsent(name, absent -> new Lines(windows.size()));
                    if (begins.isEmpty() || begins.lastEntry().getValue().window != lines) {
                        begins.put(row.line(), new Part(lines, lines.lines));
                    }
                    Map.Entry<Long, Part> part = begins.lastEntry();
                    lines.lines = part.getValue().before + row.line() - part.getKey() + 1;
                }
            }
        }
        return counted;
    }

    /** The number of a window, from 0, and how many lines it has. */
    private static final class Lines {
        private final int number;
        private long lines;

        Lines(int number) {
            this.number = number;
        }
    }

    /**
     * The lines of a window in one file.
     *
     * @param before lines of the window in earlier files
     */
    private record Part(Lines window, long before) {}
}
