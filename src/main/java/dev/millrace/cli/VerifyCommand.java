package dev.millrace.cli;

import java.util.Objects;
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

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(names = "--counts", description = "recompute the books from the input topics; compare each outcome's count")
    boolean counts;

    @Override
    public Integer call() {
        if (!counts) {
            throw Processes.unusable("verify", "nothing", "must be told what to audit: --counts");
        }
        return CountsCheck.run(
                config.settings(), Objects.requireNonNull(spec).commandLine().getOut());
    }
}
