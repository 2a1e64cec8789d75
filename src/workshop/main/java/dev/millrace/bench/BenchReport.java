package dev.millrace.bench;

import dev.millrace.operation.Progress;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where a benchmark tells what it finds: to people as it is measured, to programs all of it at the end. Both get the same figures. It is
 * told how far the benchmark is, too, between what is measured. One thread.
 */
public final class BenchReport {

    private static final int NUMBER_WIDTH = 9;
    private static final int TEXT_WIDTH = 26;

    private final Consumer<String> text;
    private final Progress progress;
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final Map<String, List<Map<String, Object>>> tables = new LinkedHashMap<>();
    private String columns = ""; // of the row that was told last

    /** @param text takes each line for people, at once */
    public BenchReport(Consumer<String> text, Progress progress) {
        this.text = text;
        this.progress = progress;
    }

    /** Adds on what machine it runs. */
    public void addMachine() {
        Runtime machine = Runtime.getRuntime();
        add(new Figures()
                .with("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"))
                .with("maxHeapBytes", machine.maxMemory())
                .with("cores", machine.availableProcessors())
                .with(
                        "loadAverage",
                        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
    }

    /** Tells people what is no figure. */
    void note(String format, Object... arguments) {
        text.accept(String.format(Locale.ROOT, format, arguments));
    }

    /** Adds what holds of the whole run. */
    void add(Figures figures) {
        facts.putAll(figures.values());
        figures.values().forEach((name, value) -> note("%s: %s", name, Figures.text(value)));
    }

    /** Adds a row to a table, after those that it has. */
    void add(String table, Figures row) {
        tables.computeIfAbsent(table, name -> new ArrayList<>()).add(row.values());
        String names = table + row.values().keySet();
        StringBuilder head = new StringBuilder();
        StringBuilder line = new StringBuilder();
        row.values().forEach((name, value) -> {
            int width = Math.max(name.length(), value instanceof Number ? NUMBER_WIDTH : TEXT_WIDTH);
            head.append(String.format(Locale.ROOT, "%" + width + "s  ", name));
            line.append(String.format(Locale.ROOT, "%" + width + "s  ", Figures.text(value)));
        });
        if (!names.equals(columns)) {
            note("");
            note("%s", head.toString().stripTrailing());
            columns = names;
        }
        note("%s", line.toString().stripTrailing());
    }

    /** Tells how far it is, as {@link Progress#reached(String, long, long)}; call it only between what is measured. */
    void reached(String part, long done, long of) {
        progress.reached(part, done, of);
    }

    /** Notes that the benchmark was stopped, so that something is missing. */
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
}
