package dev.millrace.cli.option;

import picocli.CommandLine.Option;

/** Whether a command shows how far it is; the same for every command that may take long. */
public final class ProgressOption {

    /** Set by {@code bin/millrace}: what Java 17 says of its console is about the other two streams. */
    private static final String IS_TERMINAL = "millrace.terminal";

    @Option(names = "--quiet", description = "show no progress. None is shown without a terminal, or with NO_COLOR")
    public boolean isQuiet;

    /** A line for one task; the caller closes it. */
    public ProgressLine line(String task) {
        return new ProgressLine(
                task,
                isShown(
                        isQuiet,
                        Boolean.getBoolean(IS_TERMINAL),
                        System.getenv().getOrDefault("NO_COLOR", "")));
    }

    /** @param noColor value of the variable, by which other programs show no progress either */
    static boolean isShown(boolean isQuiet, boolean isTerminal, String noColor) {
        return !isQuiet && isTerminal && noColor.isEmpty();
    }
}
