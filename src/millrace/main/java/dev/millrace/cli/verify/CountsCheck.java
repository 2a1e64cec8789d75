package dev.millrace.cli.verify;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.WrittenTopics;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingsReader;
import dev.millrace.stream.Part;
import dev.millrace.stream.StoredSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.verify.books.CountAudit;
import dev.millrace.verify.books.CountReport;
import dev.millrace.wire.PlainValues;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** {@code verify --counts}: recomputes the books and prints what differs. */
public final class CountsCheck {

    private CountsCheck() {}

    /** Returns whether the books agree with the topics. */
    public static Verdict run(
            MillraceSettings settings, Cluster cluster, ProgressOption progress, PrintWriter out, PrintWriter notes) {
        AttributionSettings attribution = attribution(settings, cluster, notes);
        CountReport report;
        try (ProgressLine line = progress.line("read");
                TopicReader log = cluster.followedBy(line).reader()) {
            report = CountAudit.run(log, new PlainValues(cluster.wire()), cluster.topics(), attribution);
        }
        print(report, out);
        return new Verdict(
                Kind.VERIFY_COUNTS,
                settings.stream().applicationId(),
                report.isRight(),
                verdict(report),
                new TreeMap<>(Map.of("outcomes", report.lines(), "faults", report.faults(), "notes", report.notes())));
    }

    /** The settings that the attribution's state keeps; if it keeps none, those that were given. */
    private static AttributionSettings attribution(MillraceSettings settings, Cluster cluster, PrintWriter out) {
        KeptSettings kept =
                new StoredSettings(settings.clients(), settings.stream(), cluster.patience()).of(Part.ATTRIBUTE);
        if (kept.isEmpty()) {
            WrittenTopics.requireVisible(settings, Part.ATTRIBUTE);
            out.println("note: no settings were found with a state of application "
                    + settings.stream().applicationId(Part.ATTRIBUTE)
                    + ", which has none yet: those given are used");
            return settings.attribution();
        }
        IgnoredSettings.print(settings.attributionKept().differences(kept), "the attribution", out);
        return AttributionSettings.read(new SettingsReader(kept.texts()));
    }

    private static void print(CountReport report, PrintWriter out) {
        out.printf(
                Locale.ROOT, "%-18s %-28s %15s %24s %10s%n", "topic", "outcome", "books", "recomputed", "difference");
        for (CountReport.Line line : report.lines()) {
            String recomputed = line.least() == line.most()
                    ? String.format(Locale.ROOT, "%,d", line.least())
                    : String.format(Locale.ROOT, "%,d to %,d", line.least(), line.most());
            out.printf(
                    Locale.ROOT,
                    "%-18s %-28s %,15d %24s %,10d%n",
                    line.topic(),
                    line.outcome(),
                    line.books(),
                    recomputed,
                    line.difference());
        }
        report.notes().forEach(note -> out.println("note: " + note));
        report.faults().forEach(fault -> out.println("FAULT: " + fault));
        out.println(verdict(report));
        out.flush();
    }

    private static String verdict(CountReport report) {
        return report.isRight() ? "the books agree with the topics" : "the books do not agree with the topics";
    }
}
