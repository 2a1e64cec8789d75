package dev.millrace.cli;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.stream.BrokerUnreachableException;
import dev.millrace.stream.UnusableTopicException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program. */
@Command(
        name = "millrace",
        mixinStandardHelpOptions = true,
        description = "Trains two-tower retrieval while the events arrive.",
        subcommands = {
            DemoCommand.class,
            TopicsCommand.class,
            TrainCommand.class,
            ServeCommand.class,
            ReplayCommand.class,
            BrokerCommand.class,
            EvaluateCommand.class,
            BenchCommand.class,
            VerifyCommand.class,
            ExplainCommand.class,
            SettingsCommand.class
        })
public final class Millrace {

    private static final int UNUSABLE_SETTINGS = 2;
    private static final int UNAVAILABLE = 69; // EX_UNAVAILABLE of sysexits.h

    private Millrace() {}

    public static void main(String[] arguments) {
        int status = commandLine().execute(arguments);
        Processes.ended(status);
        System.exit(status);
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Millrace());
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof InvalidSettingsException invalid) {
                invalid.faults().forEach(fault -> command.getErr().println(fault));
                command.getErr().flush();
                return UNUSABLE_SETTINGS;
            }
            if (failure instanceof BrokerUnreachableException || failure instanceof UnusableTopicException) {
                command.getErr().println(failure.getMessage());
                return UNAVAILABLE;
            }
            throw failure;
        });
        return commandLine;
    }
}
