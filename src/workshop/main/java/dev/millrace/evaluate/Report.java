package dev.millrace.evaluate;

import dev.millrace.operation.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Where a command tells what it finds: to people at once, as lines of Markdown, to programs all of it at the end. Both get the same figures.
 * It is told how far the command is, too. One thread.
 */
public final class Report {

    private static final int NUMBER_WIDTH = 9;
    private static final int TEXT_WIDTH = 15;
    private static final String NONE = "–";

    private final Consumer<String> text;
    private final Progress progress;
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
    private final Set<String> columns = new LinkedHashSet<>(); // of the row that was told last
    private String table = "";
    private volatile boolean isStopping;

    /** @param text takes each line for people, at once */
    public Report(Consumer<String> text, Progress progress) {
        this.text = text;
        this.progress = progress;
    }

    /** Tells people what is no figure. */
    public void note(String format, Object... arguments) {
        text.accept(String.format(Locale.ROOT, format, arguments));
        table = "";
    }

    /** Adds what holds of the whole run. */
    public void add(Figures figures) {
        facts.putAll(figures.values());
        figures.values().forEach((name, value) -> note("- %s: %s", name, Figures.text(value)));
    }

    /** Adds a row to a table, after those that it has. A figure that earlier rows have and this one has not is not shown. */
    public void add(String name, Figures row) {
        tables.computeIfAbsent(name, first -> new ArrayList<>()).add(row.values());
        if (!name.equals(table) || !columns.containsAll(row.values().keySet())) {
            columns.clear();
            columns.addAll(row.values().keySet());
            StringBuilder head = new StringBuilder("|");
            StringBuilder rule = new StringBuilder("|");
            row.values().forEach((column, value) -> {
                head.append(cell(column, column, value));
                rule.append(value instanceof Number ? "---:|" : "---|");
            });
            note("");
            note("%s", head);
            note("%s", rule);
            table = name;
        }
        StringBuilder line = new StringBuilder("|");
        columns.forEach(column -> {
            Object value = row.values().getOrDefault(column, NONE);
            line.append(cell(column, Figures.text(value), value));
        });
        text.accept(line.toString());
    }

    /** Tells how far it is; a benchmark calls it only between what is measured. */
    public Progress progress() {
        return progress;
    }

    /** Asks the run to end early, with what it has found until then. Any thread. */
    public void stop() {
        isStopping = true;
    }

    /** Whether the run is to end early. */
    public boolean isStopping() {
        return isStopping;
    }

    /** Notes that the run was stopped, so that something is missing. */
    public void stopped() {
        add(new Figures().with("isStopped", true));
    }

    /**
     * All that was found so far.
     *
     * @return what holds of the whole run, then the tables, each a list of its rows; texts, truth values, numbers, records and maps of them
     */
    public Map<String, Object> found() {
        Map<String, Object> found = new LinkedHashMap<>(facts);
        found.putAll(tables);
        return found;
    }

    private static String cell(String column, String text, Object value) {
        int width = Math.max(column.length(), value instanceof Number ? NUMBER_WIDTH : TEXT_WIDTH);
        return String.format(" %" + (value instanceof Number || value.equals(NONE) ? "" : "-") + width + "s |", text);
    }
}
