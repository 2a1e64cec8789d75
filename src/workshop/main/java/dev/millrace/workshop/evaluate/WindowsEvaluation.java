package dev.millrace.workshop.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.evaluate.RankAverages;
import dev.millrace.evaluate.RankAverages.Measure;
import dev.millrace.evaluate.WindowSettings;
import dev.millrace.evaluate.Windows;
import dev.millrace.operation.Progress;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** One window of the log after the other: a model that stands still within the window beside one that learns. */
public final class WindowsEvaluation implements EvaluationProtocol {

    private static final Map<String, Function<Windows.Window, RankAverages>> ROWS = rows();

    private final EvaluationData data;
    private final EvaluationReport report;
    private final Progress progress;

    public WindowsEvaluation(EvaluationData data, EvaluationReport report, Progress progress) {
        this.data = data;
        this.report = report;
        this.progress = progress;
    }

    @Override
    public void run(MillraceSettings settings) throws IOException {
        LearningTime time = new LearningTime();
        Windows.Result found = new Windows(
                        WindowSettings.read(settings.reader()),
                        data.shares(settings),
                        data.examples(settings),
                        settings.trainer(),
                        time)
                .run(progress);
        String text = markdown(found);
        report.show(text, text, json(found, time.perSecond(found.learnt())));
    }

    private static Map<String, Function<Windows.Window, RankAverages>> rows() {
        Map<String, Function<Windows.Window, RankAverages>> rows = new LinkedHashMap<>();
        rows.put("frozen", window -> window.frozen().model());
        rows.put("popularity, frozen", window -> window.frozen().popularity());
        rows.put("online", window -> window.online().model());
        rows.put("popularity, online", window -> window.online().popularity());
        return rows;
    }

    private static String markdown(Windows.Result found) {
        List<Windows.Window> windows = found.windows();
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d queries in %,d windows after the first; %,d items at the end; %,d steps refused. Means over windows ± one standard error.%n%n",
                windows.stream()
                        .mapToLong(window -> window.frozen().model().events())
                        .sum(),
                windows.size(),
                found.items(),
                found.refusedSteps()));
        head(text, "| mean |");
        ROWS.forEach((name, averages) -> {
            text.append("| ").append(name).append(" |");
            forEachMeasure((measure, cutoff) -> text.append(String.format(
                    Locale.ROOT,
                    " %.4f ± %.4f |",
                    mean(windows, averages, measure, cutoff),
                    standardError(windows, averages, measure, cutoff))));
            text.append(System.lineSeparator());
        });
        text.append(System.lineSeparator());
        head(text, "| window | events | queries | |");
        for (Windows.Window window : windows) {
            ROWS.forEach((name, averages) -> {
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %,d | %,d | %s |",
                        window.name(),
                        window.positives(),
                        averages.apply(window).events(),
                        name));
                forEachMeasure((measure, cutoff) -> text.append(String.format(
                        Locale.ROOT, " %.4f |", averages.apply(window).mean(measure, cutoff))));
                text.append(System.lineSeparator());
            });
        }
        return text.toString();
    }

    private static void head(StringBuilder text, String first) {
        text.append(first);
        forEachMeasure(
                (measure, cutoff) -> text.append(' ').append(measure.at(cutoff)).append(" |"));
        long columns = text.substring(text.lastIndexOf(System.lineSeparator()) + 1)
                        .chars()
                        .filter(sign -> sign == '|')
                        .count()
                - 1;
        text.append(System.lineSeparator()).append('|').append("---|".repeat((int) columns));
        text.append(System.lineSeparator());
    }

    private static ObjectNode json(Windows.Result found, double perSecond) {
        List<Windows.Window> windows = found.windows();
        ObjectNode json = EvaluationReport.object()
                .put("items", found.items())
                .put("learnt", found.learnt())
                .put("refusedSteps", found.refusedSteps())
                .put("examplesPerSecond", Math.round(perSecond));
        ObjectNode means = json.putObject("mean");
        ROWS.forEach((name, averages) -> {
            ObjectNode row = means.putObject(name);
            forEachMeasure((measure, cutoff) -> row.putObject(measure.at(cutoff))
                    .put("mean", mean(windows, averages, measure, cutoff))
                    .put("standardError", standardError(windows, averages, measure, cutoff)));
        });
        ArrayNode each = json.putArray("windows");
        for (Windows.Window window : windows) {
            ObjectNode of = each.addObject()
                    .put("window", window.name())
                    .put("events", window.positives())
                    .put("withoutHistory", window.withoutHistory())
                    .put("unseen", window.unseen())
                    .put("queries", window.frozen().model().events());
            ROWS.forEach((name, averages) -> {
                ObjectNode row = of.putObject(name);
                forEachMeasure((measure, cutoff) -> row.putObject(measure.at(cutoff))
                        .put("mean", averages.apply(window).mean(measure, cutoff))
                        .put("standardError", averages.apply(window).standardError(measure, cutoff)));
            });
        }
        return json;
    }

    /** Each window weighs the same. */
    private static double mean(
            List<Windows.Window> windows,
            Function<Windows.Window, RankAverages> averages,
            Measure measure,
            int cutoff) {
        return windows.stream()
                .mapToDouble(window -> averages.apply(window).mean(measure, cutoff))
                .average()
                .orElse(0);
    }

    /** Of the mean over windows: {@code √Σ s²} / windows. */
    private static double standardError(
            List<Windows.Window> windows,
            Function<Windows.Window, RankAverages> averages,
            Measure measure,
            int cutoff) {
        double squares = windows.stream()
                .mapToDouble(window -> averages.apply(window).standardError(measure, cutoff))
                .map(error -> error * error)
                .sum();
        return Math.sqrt(squares) / windows.size();
    }

    private static void forEachMeasure(Figure each) {
        for (Measure measure : Measure.values()) {
            for (int cutoff : RankAverages.CUTOFFS) {
                each.show(measure, cutoff);
            }
        }
    }

    /** Shows one measure at one cutoff. */
    private interface Figure {
        void show(Measure measure, int cutoff);
    }
}
