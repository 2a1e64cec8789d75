package dev.millrace.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Runs commands of the program in this process, and keeps what the last one said. */
final class Commands {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** Returns the command's exit code. */
    int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine commandLine = Millrace.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        return commandLine.execute(arguments);
    }

    /** As {@link #run(String...)}, with settings of the command line. */
    int run(Map<String, String> settings, String... arguments) {
        return run(Stream.concat(
                        Stream.of(arguments),
                        settings.entrySet().stream()
                                .flatMap(each -> Stream.of("--set", each.getKey() + "=" + each.getValue())))
                .toArray(String[]::new));
    }

    String out() {
        return out.toString();
    }

    String err() {
        return err.toString();
    }
}
