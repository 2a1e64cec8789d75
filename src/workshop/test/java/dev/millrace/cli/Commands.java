package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Runs commands of the program in this process, and keeps what the last one said. */
public final class Commands {

    private static final String IS_TERMINAL = "millrace.terminal"; // as the launcher sets it

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** Returns the command's exit code. */
    public int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine commandLine = Millrace.commandLine();
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        return commandLine.execute(arguments);
    }

    /** As {@link #run(String...)}, with settings of the command line. */
    public int run(Map<String, String> settings, String... arguments) {
        return run(with(settings, arguments));
    }

    private static String[] with(Map<String, String> settings, String... arguments) {
        return Stream.concat(
                        Stream.of(arguments),
                        settings.entrySet().stream()
                                .flatMap(each -> Stream.of("--set", each.getKey() + "=" + each.getValue())))
                .toArray(String[]::new);
    }

    /** Runs a command as at a terminal, and returns what it shows there of its progress. The terminal's user must not have set NO_COLOR. */
    public String shown(String... arguments) {
        PrintStream before = System.err;
        ByteArrayOutputStream shown = new ByteArrayOutputStream();
        System.setProperty(IS_TERMINAL, "true");
        System.setErr(new PrintStream(shown, true, StandardCharsets.UTF_8));
        try {
            assertThat(run(arguments)).as(err.toString()).isZero();
        } finally {
            System.setErr(before);
            System.clearProperty(IS_TERMINAL);
        }
        return shown.toString(StandardCharsets.UTF_8);
    }

    /** As {@link #shown(String...)}, with settings of the command line. */
    public String shown(Map<String, String> settings, String... arguments) {
        return shown(with(settings, arguments));
    }

    public String out() {
        return out.toString();
    }

    public String err() {
        return err.toString();
    }
}
