package dev.millrace.cli;

import dev.millrace.settings.InvalidSettingsException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program. */
@Command(
        name = "millrace",
        mixinStandardHelpOptions = true,
        description = "Trains two-tower retrieval while the events arrive.",
        subcommands = {EvaluateCommand.class})
public final class Millrace {

    private static final int UNUSABLE_SETTINGS = 2;

    private Millrace() {}

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Millrace());
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof InvalidSettingsException invalid) {
                invalid.faults().forEach(fault -> command.getErr().println(fault));
                return UNUSABLE_SETTINGS;
            }
            throw failure;
        });
        return commandLine;
    }
}
