package dev.millrace.cli.verify;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.WrittenTopics;
import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.settings.KeptSettings;
import dev.millrace.stream.AttributionState;
import dev.millrace.stream.Part;
import dev.millrace.stream.StoredSettings;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainerSettings;
import dev.millrace.verify.AnswerAudit;
import dev.millrace.verify.AnswerReport;
import dev.millrace.verify.AnswerReport.Outcome;
import dev.millrace.verify.ModelAudit;
import dev.millrace.verify.ModelReport;
import dev.millrace.verify.books.CountAudit;
import dev.millrace.verify.books.CountReport;
import dev.millrace.verify.books.RecordedAttribution;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What came of a verification.
 *
 * @param target what was verified: a generation, or an application
 * @param agrees false too if nothing could be compared
 * @param detail what was compared, in a few words
 * @param found the figures, and what differs
 */
public record Verdict(Kind kind, String target, boolean agrees, String detail, Row found) {

    private static final String VERIFY = "VERIFY_";

    public Row row() {
        return Row.of("check", kind.name().substring(VERIFY.length()).toLowerCase(Locale.ROOT))
                .with("target", target)
                .with("agrees", agrees)
                .with("detail", detail)
                .with(found);
    }

    /**
     * {@code verify --counts}: recomputes the books, and says whether they agree with the topics.
     *
     * @param isTrusted whether to begin anew with the state that the attribution has
     */
    public static Verdict ofCounts(
            MillraceSettings settings,
            Cluster cluster,
            Optional<Path> checkpoints,
            boolean isTrusted,
            OutputOption output) {
        String application = settings.stream().applicationId(Part.ATTRIBUTE);
        KeptSettings kept = ofAttribution(settings, cluster, output.notes());
        CountReport report;
        try (ProgressLine line = output.progress("read");
                TopicReader log = cluster.followedBy(line).reader()) {
            report = CountAudit.run(
                    RecordedAttribution.of(cluster, log, settings.attribution(kept)),
                    checkpoints.map(directory -> new CountAudit.Checkpoints(
                            directory,
                            application,
                            kept,
                            isTrusted ? Optional.of(new AttributionState(log, application)::read) : Optional.empty())));
        }
        return new Verdict(
                Kind.VERIFY_COUNTS,
                settings.stream().applicationId(),
                report.isRight(),
                report.isRight() ? "the books agree with the topics" : "the books do not agree with the topics",
                found(report));
    }

    /** The settings that the attribution's state keeps; if it keeps none, those that were given. */
    public static KeptSettings ofAttribution(MillraceSettings settings, Cluster cluster, PrintWriter out) {
        KeptSettings kept =
                StoredSettings.of(settings.clients(), settings.stream(), Part.ATTRIBUTE, cluster.patience());
        if (kept.isEmpty()) {
            WrittenTopics.requireVisible(settings, Part.ATTRIBUTE);
            out.println("note: application "
                    + settings.stream().applicationId(Part.ATTRIBUTE)
                    + " has no state with settings; using those given");
            return settings.attributionKept();
        }
        printIgnored(settings.attributionKept().differences(kept), "the attribution", out);
        return kept;
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

    /** {@code verify --answers}: makes logged answers again, and says whether the topics give them. */
    public static Verdict ofAnswers(Cluster cluster, OutputOption output) {
        AnswerReport report;
        try (ProgressLine line = output.progress("replayed")) {
            report = new AnswerAudit(cluster.followedBy(line), line).run();
        }
        return new Verdict(
                Kind.VERIFY_ANSWERS,
                cluster.topics().answers(),
                report.isConsistent(),
                report.compared() + report.drawn() + report.count(Outcome.MISDRAWN) == 0
                        ? "no answer was logged that can be compared"
                        : String.format(
                                Locale.ROOT,
                                "%,d of %,d answers are what the topics give, bit for bit%s",
                                report.count(Outcome.EQUAL),
                                report.compared(),
                                draws(report)),
                found(report));
    }

    private static String draws(AnswerReport report) {
        int of = report.drawn() + report.count(Outcome.MISDRAWN);
        return of == 0
                ? ""
                : String.format(Locale.ROOT, "; %,d of %,d draws follow from their records", report.drawn(), of);
    }

    private static Row found(AnswerReport report) {
        Row found = Row.of("logged", report.logged()).with("compared", report.compared());
        for (Outcome outcome : Outcome.values()) {
            found.with(outcome.name().toLowerCase(Locale.ROOT), report.count(outcome));
        }
        return found.with("share", report.compared() == 0 ? Optional.empty() : Optional.of(report.share()))
                .with("drawn", report.drawn())
                .with("without_user", report.withoutUser())
                .with("compared_since", report.since().map(Instant::ofEpochMilli))
                .with("differences", report.differences());
    }

    /** {@code verify --model}: learns the log again, and says whether what was published is what the log makes. */
    public static Verdict ofModel(
            MillraceSettings settings, Cluster cluster, ModelAudit.Scope scope, OutputOption output) {
        KeptSettings given = settings.learner().kept();
        KeptSettings own = ofLearner(settings, cluster).orElse(given);
        printIgnored(given.differences(own), "the learner", output.notes());
        try {
            ModelReport report = report(cluster, settings.learner().with(own), scope, output);
            return new Verdict(
                    Kind.VERIFY_MODEL,
                    report.generation(),
                    report.isSame(),
                    String.format(
                            Locale.ROOT,
                            "%s: %d steps from step %d to step %d, %d digests and %d vectors compared",
                            words(report),
                            report.toStep() - report.fromStep(),
                            report.fromStep(),
                            report.toStep(),
                            report.digests(),
                            report.vectors()),
                    found(report));
        } catch (BrokenLogException broken) {
            return new Verdict(
                    Kind.VERIFY_MODEL,
                    learner(settings),
                    false,
                    "cannot be verified: " + broken.getMessage(),
                    Row.of(Map.of()));
        }
    }

    /**
     * The settings that the learner published when it began the generation that the given ones name. If nobody published that one, those of the
     * application's learner; absent if it published none.
     */
    private static Optional<KeptSettings> ofLearner(MillraceSettings settings, Cluster cluster) {
        GenerationHistory history = GenerationAdmin.history(cluster);
        return history.fact(settings.learner().trainer().model().generationName(), GenerationFact.Kind.STARTED)
                .or(() -> history.startedBy(learner(settings)))
                .map(fact -> TrainerSettings.kept(fact.settings()));
    }

    /** The application whose learner publishes. */
    private static String learner(MillraceSettings settings) {
        return settings.stream().applicationId(Part.LEARN);
    }

    private static ModelReport report(
            Cluster cluster, LearnerSettings learner, ModelAudit.Scope scope, OutputOption output) {
        try (ProgressLine line = output.progress("replayed")) {
            return new ModelAudit(cluster, learner, line).run(scope);
        }
    }

    private static Row found(ModelReport report) {
        return Row.of("from_step", report.fromStep())
                .with("to_step", report.toStep())
                .with("steps_per_second", Math.round(report.stepsPerSecond()))
                .with("digests", report.digests())
                .with(
                        "newest_equal_digest",
                        report.newestEqual().stream().boxed().findFirst())
                .with("vectors", report.vectors())
                .with("older_vectors", report.uncheckedVectors())
                .with("newer_vectors", report.laterVectors())
                .with("other_vectors", report.otherVectors())
                .with("catalogue_compared", report.isCatalogueCompared())
                .with("differing", report.differing())
                .with("differences", report.differences())
                .with("checkpoint", report.checkpoint().map(Path::toString));
    }

    private static String words(ModelReport report) {
        if (report.isSame()) {
            return "same bits";
        }
        return report.differing() > 0
                ? String.format(Locale.ROOT, "%,d differences", report.differing())
                : "nothing was published that could be compared";
    }

    /**
     * Says which settings of this command, defaults included, an audit does not use, because a state has others.
     *
     * @param whose names whose settings are used
     */
    private static void printIgnored(List<KeptSettings.Difference> ignored, String whose, PrintWriter out) {
        if (!ignored.isEmpty()) {
            out.println("note: using the settings of " + whose + "; " + ignored.size()
                    + " of this command's settings differ:");
        }
        ignored.forEach(
                setting -> out.println("  " + setting.key() + " = " + setting.ofState() + "; here " + setting.here()));
        out.flush();
    }
}
