package dev.millrace.cli;

import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description = {
            "Print a script that lets bash and zsh complete commands and options.",
            "Write it to a file, and source that in ~/.bashrc or ~/.zshrc."
        },
        footer = "millrace completion > ~/.millrace-completion")
final class CompletionCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public Integer call() {
        CommandLine program = Objects.requireNonNull(spec).root().commandLine();
        PrintWriter out = spec.commandLine().getOut();
        out.print(AutoComplete.bash(program.getCommandName(), program));
        out.flush();
        return 0;
    }
}
