package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.stream.Topics;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "promote",
        mixinStandardHelpOptions = true,
        description = {
            "Let a generation answer: servers swap index and query encoder at once, when they have it complete.",
            "Exits with 1 if it cannot."
        })
final class ModelPromoteCommand implements Callable<Integer> {

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
        String promoted = Objects.requireNonNull(generation);
        Optional<String> before = Desks.of(settings).promote(promoted);
        out.println("promoted    " + promoted);
        before.ifPresent(one -> out.println("answered    " + one + "; millrace model rollback goes back to it"));
        out.flush();
        return 0;
    }
}
