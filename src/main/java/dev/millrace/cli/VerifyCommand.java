package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.stream.AvroWire;
import dev.millrace.stream.Topics;
import dev.millrace.verify.BrokenLogException;
import dev.millrace.verify.Difference;
import dev.millrace.verify.ModelAudit;
import dev.millrace.verify.ModelReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Audit a running or stopped system by its own topics.",
            "Exits with 0 if all agrees, 1 if something differs, 2 on unusable settings, 69 without a broker."
        })
final class VerifyCommand implements Callable<Integer> {

    private static final int DIFFERS = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--model",
            description = "learn the log mini-batches anew; compare digests and vectors with what was published")
    boolean model;

    @Option(
            names = "--step",
            paramLabel = "N",
            description = "with --model: end at this step; by default at the newest of which something was published")
    @Nullable
    Long step;

    @Option(
            names = "--checkpoints",
            paramLabel = "DIR",
            description =
                    "with --model: begin from the newest checkpoint there, and leave one after a run without differences")
    @Nullable
    Path checkpoints;

    @Override
    public Integer call() {
        if (!model) {
            throw Processes.unusable("verify", "nothing", "must be told what to audit: --model");
        }
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        new Topics(settings.clients(), settings.topics(), PATIENCE).check();
        return verifyModel(settings, out) ? 0 : DIFFERS;
    }

    private boolean verifyModel(MillraceSettings settings, PrintWriter out) {
        ModelAudit audit = new ModelAudit(
                settings.clients(),
                settings.topics().names(),
                settings.trainer(),
                new AvroWire(settings.wire()),
                new ModelAudit.Listener() {
                    @Override
                    public void reached(ModelAudit.Reached reached) {
                        out.printf(
                                Locale.ROOT,
                                "step %,d of %,d, %,.0f steps/s%n",
                                reached.step(),
                                reached.target(),
                                reached.stepsPerSecond());
                        out.flush();
                    }
                });
        try {
            ModelReport report = audit.run(new ModelAudit.Scope(
                    step == null ? OptionalLong.empty() : OptionalLong.of(step), Optional.ofNullable(checkpoints)));
            print(report, out);
            return report.isSame();
        } catch (BrokenLogException broken) {
            out.println("model     cannot be verified: " + broken.getMessage());
            return false;
        } finally {
            out.flush();
        }
    }

    private static void print(ModelReport report, PrintWriter out) {
        out.printf("model     generation %s%n", report.generation());
        out.printf(
                Locale.ROOT,
                "replayed  %,d steps from step %,d to step %,d in %.1f s, %,.0f steps/s%n",
                report.toStep() - report.fromStep(),
                report.fromStep(),
                report.toStep(),
                report.nanos() / 1e9,
                report.stepsPerSecond());
        out.printf(
                Locale.ROOT,
                "digests   %,d compared, %s%n",
                report.digests(),
                report.agreeing().isPresent()
                        ? "the newest that agrees is of step "
                                + report.agreeing().getAsLong()
                        : "none agrees");
        out.printf(
                Locale.ROOT,
                "vectors   %,d compared bit for bit; not compared: %,d from before the checkpoint, %,d from after the last step,"
                        + " %,d of other generations%n",
                report.vectors(),
                report.uncheckedVectors(),
                report.laterVectors(),
                report.otherVectors());
        out.printf("catalogue %s%n", report.isCatalogueCompared() ? "compared" : "not compared");
        for (Difference difference : report.differences()) {
            out.println("DIFFERS   " + difference.line());
        }
        long more = report.differing() - report.differences().size();
        if (more > 0) {
            out.printf(Locale.ROOT, "DIFFERS   and %,d more%n", more);
        }
        report.checkpoint().ifPresent(file -> out.println("left      " + file));
        out.println(verdict(report));
    }

    private static String verdict(ModelReport report) {
        if (report.isSame()) {
            return "result    same bits";
        }
        return report.differing() > 0
                ? String.format(Locale.ROOT, "result    %,d differences", report.differing())
                : "result    nothing has been published that could be compared";
    }
}
