package dev.millrace.cli;

import dev.millrace.checkpoint.UnexportableLearnerException;
import dev.millrace.checkpoint.UnusableCheckpointException;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.stream.LostContinuityException;
import dev.millrace.stream.UnusableStateException;
import dev.millrace.topic.BrokenLogException;
import dev.millrace.topic.BrokerUnreachableException;
import dev.millrace.topic.UnusableTopicException;
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
            VerifyCommand.class,
            ModelCommand.class,
            BrokerCommand.class,
            EvaluateCommand.class,
            BenchCommand.class,
            ExplainCommand.class,
            SettingsCommand.class
        })
public final class Millrace {

    private static final int UNUSABLE_SETTINGS = 2;
    private static final int FAILED = 1;
    private static final int UNAVAILABLE = 69; // EX_UNAVAILABLE of sysexits.h
    private static final int UNUSABLE_STATE = 74; // EX_IOERR

    private Millrace() {}

    public static void main(String[] arguments) {
        int status = commandLine().execute(arguments);
        Processes.ended(status);
        System.exit(status);
    }

    /** The exit status of a process that failed while it ran. */
    static int statusOf(Throwable failure) {
        return failure instanceof UnusableStateException || failure instanceof UnusableCheckpointException
                ? UNUSABLE_STATE
                : FAILED;
    }

    /** A failure as it is told: by its message alone where that says all. */
    static String said(Throwable failure) {
        return isPlain(failure) ? String.valueOf(failure.getMessage()) : failure.toString();
    }

    private static boolean isPlain(Throwable failure) {
        return failure instanceof LostContinuityException
                || failure instanceof UnusableStateException
                || failure instanceof UnusableCheckpointException
                || failure instanceof UnexportableLearnerException
                || failure instanceof BrokenLogException
                || failure instanceof GenerationRefusedException;
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
            if (isPlain(failure)) {
                command.getErr().println(failure.getMessage());
                return statusOf(failure);
            }
            throw failure;
        });
        return commandLine;
    }
}
