package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.stream.Topics;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "retire",
        mixinStandardHelpOptions = true,
        description = {
            "End a generation that does not answer: it never will again, and its vectors and weights are removed from the topics.",
            "Stop its learner first. Exits with 1 if it cannot be."
        })
final class ModelRetireCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Parameters(paramLabel = "GENERATION", description = "its full name, as model list has it")
    @Nullable
    String generation;

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        new Topics(settings.clients(), settings.topics(), PATIENCE).check();
        String retired = Objects.requireNonNull(generation);
        long removed = Desks.of(settings).retire(retired);
        out.printf(Locale.ROOT, "retired     %s, %,d records removed%n", retired, removed);
        out.flush();
        return 0;
    }
}
