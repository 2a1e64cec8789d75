package dev.millrace.cli.option;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Named values in the order in which they are shown: a row of a table, or all that a command found. */
public final class Row {

    private static final String ABSENT = "-";
    private static final int WIDEST = 40; // longer texts push the rest of their row to the right

    /** One line of a row that is shown alone. */
    private record Line(String name, String text) {}

    private final Map<String, Object> values = new LinkedHashMap<>();

    /** A row of these values. */
    public static Row of(Map<String, ?> values) {
        Row row = new Row();
        values.forEach(row::with);
        return row;
    }

    public static Row of(String name, Object value) {
        return new Row().with(name, value);
    }

    /**
     * Adds a value at the end.
     *
     * @param value a text, number, time, list, map or row; an empty optional is left out
     */
    public Row with(String name, Object value) {
        if (value instanceof Optional<?> optional) {
            optional.ifPresent(present -> with(name, present));
        } else {
            values.put(name, value instanceof Instant ? value.toString() : value);
        }
        return this;
    }

    /** Adds all values of another row. */
    public Row with(Row others) {
        values.putAll(others.values);
        return this;
    }

    @JsonValue
    Map<String, Object> values() {
        return values;
    }

    /** A line for each value. A value of a row or map within has the names of both; rows of a list are a table at the end. */
    String lines() {
        List<Line> lines = new ArrayList<>();
        StringBuilder tables = new StringBuilder();
        values.forEach((name, value) -> add(name, value, lines, tables));
        int width = lines.stream().mapToInt(line -> line.name().length()).max().orElse(0);
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(padded(line.name(), width))
                .append("  ")
                .append(line.text())
                .append(System.lineSeparator()));
        return text.append(tables).toString();
    }

    private static void add(String name, Object value, List<Line> lines, StringBuilder tables) {
        if (value instanceof Row row) {
            add(name, row.values, lines, tables);
        } else if (value instanceof Map<?, ?> map) {
            map.forEach((key, inner) -> add(name + "." + key, inner, lines, tables));
        } else if (value instanceof List<?> list) {
            List<Row> rows = list.stream()
                    .filter(Row.class::isInstance)
                    .map(Row.class::cast)
                    .toList();
            if (rows.isEmpty()) {
                list.forEach(each -> lines.add(new Line(name, text(each))));
            } else {
                tables.append(table(rows));
            }
        } else {
            lines.add(new Line(name, text(value)));
        }
    }

    /** A line of names, then one for each row, numbers to the right. What a list holds follows its row, a line each. */
    static String table(List<Row> rows) {
        Set<String> names = new LinkedHashSet<>();
        rows.forEach(row -> row.values.forEach((name, value) -> {
            if (!(value instanceof List<?>)) {
                names.add(name);
            }
        }));
        StringBuilder heading = new StringBuilder();
        List<StringBuilder> lines =
                rows.stream().map(row -> new StringBuilder()).toList();
        for (String name : names) {
            boolean isNumber = rows.stream().anyMatch(row -> row.values.get(name) instanceof Number);
            int width = rows.stream()
                    .mapToInt(row -> Math.min(WIDEST, row.cell(name).length()))
                    .reduce(name.length(), Math::max);
            heading.append(cell(name, width, isNumber));
            for (int row = 0; row < rows.size(); row++) {
                lines.get(row).append(cell(rows.get(row).cell(name), width, isNumber));
            }
        }
        StringBuilder text = new StringBuilder(heading.toString().stripTrailing()).append(System.lineSeparator());
        for (int row = 0; row < rows.size(); row++) {
            text.append(lines.get(row).toString().stripTrailing()).append(System.lineSeparator());
            rows.get(row).values.values().stream()
                    .filter(List.class::isInstance)
                    .flatMap(list -> ((List<?>) list).stream())
                    .forEach(each -> text.append("    ").append(text(each)).append(System.lineSeparator()));
        }
        return text.toString();
    }

    private String cell(String name) {
        return Optional.ofNullable(values.get(name)).map(Row::text).orElse(ABSENT);
    }

    private static String cell(String text, int width, boolean isNumber) {
        return (isNumber ? " ".repeat(Math.max(0, width - text.length())) + text : padded(text, width)) + "  ";
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private static String text(Object value) {
        return value instanceof Double number ? String.format(Locale.ROOT, "%.4f", number) : value.toString();
    }
}
