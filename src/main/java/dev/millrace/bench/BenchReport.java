package dev.millrace.bench;

import dev.millrace.operation.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where a benchmark tells what it finds: to people a line at a time, as it is measured, and to programs all of it at the end. It is told
 * how far the benchmark is, too, between what is measured. One thread.
 */
public final class BenchReport {

    private final Consumer<String> text;
    private final Progress progress;
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();

    /** @param text takes each line for people, at once */
    public BenchReport(Consumer<String> text, Progress progress) {
        this.text = text;
        this.progress = progress;
    }

    /** Tells people a line. */
    void print(String format, Object... arguments) {
        text.accept(String.format(Locale.ROOT, format, arguments));
    }

    /** Adds what holds of the whole run. */
    void add(Figures figures) {
        facts.putAll(figures.values());
    }

    /** Adds a row to a table, after those that it has. */
    void add(String table, Figures row) {
        tables.computeIfAbsent(table, name -> new ArrayList<>()).add(row.values());
    }

    /** Tells how far it is, as {@link Progress#reached(String, long, long)}; call it only between what is measured. */
    void reached(String part, long done, long of) {
        progress.reached(part, done, of);
    }

    /** Notes that the benchmark was stopped, so that something is missing. */
    public void stopped() {
        print("stopped before its end");
        add(new Figures().with("isStopped", true));
    }

    /**
     * All that was found so far.
     *
     * @return what holds of the whole run, then the tables, each a list of its rows; texts, numbers, truth values and maps of them
     */
    public Map<String, Object> found() {
        Map<String, Object> found = new LinkedHashMap<>(facts);
        found.putAll(tables);
        return found;
    }
}
