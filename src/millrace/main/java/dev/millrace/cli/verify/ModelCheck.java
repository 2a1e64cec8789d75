package dev.millrace.cli.verify;

import dev.millrace.app.MillraceSettings;
import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.settings.KeptSettings;
import dev.millrace.stream.Part;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.train.TrainerSettings;
import dev.millrace.verify.ModelAudit;
import dev.millrace.verify.ModelReport;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code verify --model}: learns the log again and says what differs from what was published. */
public final class ModelCheck {

    private ModelCheck() {}

    /** Returns whether what was published is what the log makes. */
    public static Verdict run(MillraceSettings settings, Cluster cluster, ModelAudit.Scope scope, OutputOption output) {
        KeptSettings given = settings.learner().kept();
        KeptSettings own = ofLearner(settings, cluster).orElse(given);
        Verdict.printIgnored(given.differences(own), "the learner", output.notes());
        try {
            ModelReport report = report(cluster, settings.learner().with(own), scope, output);
            return new Verdict(
                    Kind.VERIFY_MODEL,
                    report.generation(),
                    report.isSame(),
                    String.format(
                            Locale.ROOT,
                            "%s: %d steps from step %d to step %d, %d digests and %d vectors compared",
                            verdict(report),
                            report.toStep() - report.fromStep(),
                            report.fromStep(),
                            report.toStep(),
                            report.digests(),
                            report.vectors()),
                    found(report));
        } catch (BrokenLogException broken) {
            return new Verdict(
                    Kind.VERIFY_MODEL,
                    settings.stream().applicationId(Part.LEARN),
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
                .or(() -> history.startedBy(settings.stream().applicationId(Part.LEARN)))
                .map(fact -> TrainerSettings.kept(fact.settings()));
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

    private static String verdict(ModelReport report) {
        if (report.isSame()) {
            return "same bits";
        }
        return report.differing() > 0
                ? String.format(Locale.ROOT, "%,d differences", report.differing())
                : "nothing was published that could be compared";
    }
}
