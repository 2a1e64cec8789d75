package dev.millrace.cli.model;

import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.topic.GenerationAdmin;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
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
            @Mixin OutputOption output,
            @Mixin ProgressOption progress,
            @Parameters(paramLabel = "GENERATION", description = "its full name, as model list has it")
                    String generation) {
        Optional<String> before = order(config, progress, "model promote", admin -> admin.promote(generation));
        Map<String, Object> object = new LinkedHashMap<>(Map.of("promoted", generation));
        before.ifPresent(one -> object.put("answered", one));
        return say(output, object, out -> {
            out.println("promoted    " + generation);
            before.ifPresent(one -> out.println("answered    " + one + "; millrace model rollback goes back to it"));
        });
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Let the generation that answered before answer again. If its learner still runs, it is up to date.",
                "Exits with 1 if there is none."
            },
            footer = "millrace model rollback --bootstrap-server kafka:9092")
    int rollback(@Mixin ConfigOptions config, @Mixin OutputOption output, @Mixin ProgressOption progress) {
        List<String> lastFirst = order(config, progress, "model rollback", GenerationAdmin::rollBack);
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("promoted", lastFirst.get(0));
        object.put("answered", lastFirst.get(1));
        return say(output, object, out -> {
            out.println("promoted    " + lastFirst.get(0));
            out.println("answered    " + lastFirst.get(1));
        });
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
            @Mixin OutputOption output,
            @Mixin ProgressOption progress,
            @Parameters(paramLabel = "GENERATION", description = "its full name, as model list has it")
                    String generation) {
        GenerationAdmin.Retired retired = order(config, progress, "model retire", admin -> admin.retire(generation));
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("retired", generation);
        object.put("again", retired.isAgain());
        object.put("recordsRemoved", retired.records());
        retired.application().ifPresent(learner -> object.put("application", learner));
        return say(output, object, out -> {
            out.printf(
                    Locale.ROOT,
                    "retired     %s%s, %,d records removed%n",
                    generation,
                    retired.isAgain() ? " once more" : "",
                    retired.records());
            retired.application()
                    .ifPresent(learner -> out.println("learner     application " + learner
                            + ": if it still runs, stop it and retire once more, because what it publishes stays"));
        });
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
            @Mixin OutputOption output,
            @Mixin ProgressOption progress,
            @Parameters(paramLabel = "GENERATION", description = "its full name, as model list has it")
                    String generation,
            @Option(
                            names = "--to",
                            paramLabel = "APPLICATION",
                            required = true,
                            description = "as model list has it: stream.application-id and -learn or -learn-from-log")
                    String application) {
        Optional<String> before =
                order(config, progress, "model hand-over", admin -> admin.handOver(generation, application));
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("generation", generation);
        object.put("application", application);
        before.ifPresent(owner -> object.put("before", owner));
        return say(
                output,
                object,
                out -> out.println(
                        before.map(owner -> "handed over " + generation + " from " + owner + " to " + application)
                                .orElse("unchanged   " + generation + " was not published by another")));
    }

    private static <T> T order(
            ConfigOptions config, ProgressOption progress, String command, Function<GenerationAdmin, T> order) {
        try (ProgressLine line = progress.line("read")) {
            return order.apply(Clusters.admin(Clusters.open(config.settings()).followedBy(line), command));
        }
    }

    private int say(OutputOption output, Map<String, Object> object, Consumer<PrintWriter> text) {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        output.write(out, object, () -> text.accept(out));
        return 0;
    }
}
