package dev.millrace.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What an experiment did and found, to be printed: seed, timeline, figures, verdict. */
final class FaultReport {

    private static final Path SUMMARY = Path.of("target/faults/summary.md");

    private final String id;
    private final String what;
    private final long seed;
    private final long begun = System.nanoTime();
    private final List<String> timeline = new ArrayList<>();
    private final List<Double> readySeconds = new ArrayList<>();
    private final List<Long> restored = new ArrayList<>();
    private String freshness = "–";

    FaultReport(String id, String what, long seed) {
        this.id = id;
        this.what = what;
        this.seed = seed;
    }

    /** Something happened, now. */
    synchronized void note(String happened) {
        timeline.add(String.format(Locale.ROOT, "%7.1f s  %s", (System.nanoTime() - begun) / 1e9, happened));
    }

    /** A start came to process records. */
    synchronized void ready(double seconds, long records) {
        readySeconds.add(seconds);
        restored.add(records);
    }

    synchronized void freshness(String quantiles) {
        freshness = quantiles;
    }

    /** Prints the report and adds its line to the summary. */
    synchronized void print(String verdict, List<String> failures) {
        List<String> lines = new ArrayList<>(timeline);
        lines.add(0, String.format("%n%s  %s  (seed %d)", id, what, seed));
        lines.add("      ready   " + seconds());
        lines.add("   restored   " + records());
        lines.add("  freshness   " + freshness);
        lines.add("    verdict   " + (failures.isEmpty() ? verdict : "FAILED"));
        failures.forEach(failure -> lines.add("              " + failure));
        lines.forEach(System.out::println);
        String row = String.format(
                Locale.ROOT,
                "| %s | %s | %.0f s | %s | %s | %s |%n",
                id,
                what,
                (System.nanoTime() - begun) / 1e9,
                seconds(),
                records(),
                freshness);
        try {
            Files.createDirectories(SUMMARY.getParent());
            Files.writeString(SUMMARY, row, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            Files.write(SUMMARY.resolveSibling(id + ".txt"), lines);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    private String seconds() {
        if (readySeconds.isEmpty()) {
            return "–";
        }
        List<Double> sorted = readySeconds.stream().sorted().toList();
        int starts = sorted.size();
        return String.format(
                Locale.ROOT,
                "%d starts, median %.1f s, longest %.1f s",
                starts,
                sorted.get(starts / 2),
                sorted.get(starts - 1));
    }

    private String records() {
        return restored.isEmpty() ? "–" : restored.toString();
    }
}
