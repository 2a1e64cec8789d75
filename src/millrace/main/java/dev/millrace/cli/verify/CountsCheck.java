package dev.millrace.cli.verify;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.WrittenTopics;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
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

/** {@code verify --counts}: recomputes the books and says what differs. */
public final class CountsCheck {

    private CountsCheck() {}

    /** Returns whether the books agree with the topics. */
    public static Verdict run(MillraceSettings settings, Cluster cluster, OutputOption output) {
        AttributionSettings attribution = attribution(settings, cluster, output.notes());
        CountReport report;
        try (ProgressLine line = output.progress("read");
                TopicReader log = cluster.followedBy(line).reader()) {
            report = CountAudit.run(log, new PlainValues(cluster.wire()), cluster.topics(), attribution);
        }
        return new Verdict(
                Kind.VERIFY_COUNTS,
                settings.stream().applicationId(),
                report.isRight(),
                report.isRight() ? "the books agree with the topics" : "the books do not agree with the topics",
                found(report));
    }

    /** The settings that the attribution's state keeps; if it keeps none, those that were given. */
    private static AttributionSettings attribution(MillraceSettings settings, Cluster cluster, PrintWriter out) {
        KeptSettings kept =
                StoredSettings.of(settings.clients(), settings.stream(), Part.ATTRIBUTE, cluster.patience());
        if (kept.isEmpty()) {
            WrittenTopics.requireVisible(settings, Part.ATTRIBUTE);
            out.println("note: no settings were found with a state of application "
                    + settings.stream().applicationId(Part.ATTRIBUTE)
                    + ", which has none yet: those given are used");
            return settings.attribution();
        }
        Verdict.printIgnored(settings.attributionKept().differences(kept), "the attribution", out);
        return AttributionSettings.read(new SettingsReader(kept.texts()));
    }

    private static Row found(CountReport report) {
        return Row.of("faults", report.faults())
                .with("notes", report.notes())
                .with(
                        "outcomes",
                        report.lines().stream()
                                .map(line -> Row.of("topic", line.topic())
                                        .with("outcome", line.outcome())
                                        .with("books", line.books())
                                        .with("least", line.least())
                                        .with("most", line.most())
                                        .with("difference", line.difference()))
                                .toList());
    }
}
