package dev.millrace.cli.model;

import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.topic.GenerationAdmin;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "model",
        mixinStandardHelpOptions = true,
        description =
                "List, compare, promote, roll back and retire generations; export, import and show learners as files.",
        subcommands = {
            ModelListCommand.class,
            ModelDiffCommand.class,
            ModelExportCommand.class,
            ModelImportCommand.class,
            ModelShowCommand.class
        },
        footer = "millrace model list --bootstrap-server kafka:9092")
public final class ModelCommand implements Runnable {

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(), "model: name what to do, such as model show");
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Let a generation answer. A server changes to it, index and query encoder at once, when it has all of it.",
                "Exits with 1 if it cannot."
            },
            footer = "millrace model promote g2-3f9a01bc --bootstrap-server kafka:9092")
    int promote(
            @Mixin ConfigOptions config,
            @Parameters(paramLabel = "GENERATION", description = "its full name, as model list has it")
                    String generation) {
        Optional<String> before = admin(config, "model promote").promote(generation);
        print("promoted    " + generation);
        before.ifPresent(one -> print("answered    " + one + "; millrace model rollback goes back to it"));
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Let the generation that answered before answer again. If its learner still runs, it is up to date.",
                "Exits with 1 if there is none."
            },
            footer = "millrace model rollback --bootstrap-server kafka:9092")
    int rollback(@Mixin ConfigOptions config) {
        List<String> lastFirst = admin(config, "model rollback").rollBack();
        print("promoted    " + lastFirst.get(0));
        print("answered    " + lastFirst.get(1));
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "End a generation that does not answer. Its vectors and weights are removed from the topics; it can never answer again.",
                "Stop its learner first. Exits with 1 if the generation cannot be retired."
            },
            footer = "millrace model retire g1-e5d3e6aa --bootstrap-server kafka:9092")
    int retire(
            @Mixin ConfigOptions config,
            @Mixin ProgressOption progress,
            @Parameters(paramLabel = "GENERATION", description = "its full name, as model list has it")
                    String generation) {
        GenerationAdmin.Retired retired;
        try (ProgressLine line = progress.line("looked at")) {
            retired = Clusters.admin(Clusters.open(config.settings()).followedBy(line), "model retire")
                    .retire(generation);
        }
        print(String.format(
                Locale.ROOT,
                "retired     %s%s, %,d records removed",
                generation,
                retired.isAgain() ? " once more" : "",
                retired.records()));
        retired.application()
                .ifPresent(learner -> print("learner     application " + learner
                        + ": if it still runs, stop it and retire once more, because what it publishes stays"));
        return 0;
    }

    @Command(
            name = "hand-over",
            mixinStandardHelpOptions = true,
            description = {
                "Give a generation to another application whose learner has the same weights. From now on, only that one may publish it.",
                "For an application that goes on where another ended, as after an import. The other must not start again."
            },
            footer = "millrace model hand-over g1-e5d3e6aa --to millrace-b-learn-from-log")
    int handOver(
            @Mixin ConfigOptions config,
            @Parameters(paramLabel = "GENERATION", description = "its full name, as model list has it")
                    String generation,
            @Option(
                            names = "--to",
                            paramLabel = "APPLICATION",
                            required = true,
                            description = "as model list has it: stream.application-id and -learn or -learn-from-log")
                    String application) {
        Optional<String> before = admin(config, "model hand-over").handOver(generation, application);
        print(before.map(owner -> "handed over " + generation + " from " + owner + " to " + application)
                .orElse("unchanged   " + generation + " was not published by another"));
        return 0;
    }

    private static GenerationAdmin admin(ConfigOptions config, String command) {
        return Clusters.admin(Clusters.open(config.settings()), command);
    }

    private void print(String line) {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        out.println(line);
        out.flush();
    }
}
