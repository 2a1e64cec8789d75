package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.stream.Topics;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "rollback",
        mixinStandardHelpOptions = true,
        description = {
            "Let the generation answer again that did before; its learner, if it still runs, has kept it up to date.",
            "Exits with 1 if there is none."
        })
final class ModelRollbackCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        new Topics(settings.clients(), settings.topics(), PATIENCE).check();
        List<String> lastFirst = Desks.of(settings).rollBack();
        out.println("promoted    " + lastFirst.get(0));
        out.println("answered    " + lastFirst.get(1));
        out.flush();
        return 0;
    }
}
