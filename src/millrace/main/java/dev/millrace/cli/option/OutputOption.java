package dev.millrace.cli.option;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Whether a command writes its findings for people or for programs, where, and whether it shows how far it is; the same for every command
 * that has findings.
 */
public final class OutputOption {

    /** How findings are written. */
    enum Form {
        text,
        json
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Set by {@code bin/millrace}: what Java 17 says of its console is about the other two streams. */
    private static final String IS_TERMINAL = "millrace.terminal";

    @Spec(Spec.Target.MIXEE)
    @Nullable
    CommandSpec command;

    @Option(
            names = "--output",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "${COMPLETION-CANDIDATES}; default: text")
    Form form = Form.text;

    @Option(
            names = "--quiet",
            description = "hide progress. Without a terminal, or with NO_COLOR, it is a line every half minute")
    boolean isQuiet;

    /** A line that shows how far one task is; the caller closes it. */
    public ProgressLine progress(String task) {
        boolean isTerminal = Boolean.getBoolean(IS_TERMINAL);
        boolean isPlain = !System.getenv().getOrDefault("NO_COLOR", "").isEmpty(); // other programs show none then, too
        ProgressLine.Form shown = isTerminal && !isPlain ? ProgressLine.Form.BAR : ProgressLine.Form.LINES;
        return new ProgressLine(task, isQuiet ? ProgressLine.Form.NOTHING : shown);
    }

    /** Writes all that a command found: a line for each value, or an object. */
    public void write(Row found) {
        write(found, out -> out.print(found.lines()));
    }

    /**
     * Writes the rows of a table, or an array.
     *
     * @param ifNone tells people that there is no row
     */
    public void write(List<Row> rows, String ifNone) {
        write(rows, out -> out.print(rows.isEmpty() ? ifNone + System.lineSeparator() : Row.table(rows)));
    }

    /** As {@link #write(List, String)}, with a line for each value: for rows that are too long for a table. */
    public void writeEach(List<Row> rows, String ifNone) {
        String none = ifNone + System.lineSeparator();
        write(
                rows,
                out -> out.print(
                        rows.isEmpty()
                                ? none
                                : rows.stream().map(Row::lines).collect(Collectors.joining(System.lineSeparator()))));
    }

    /**
     * Writes what a command found.
     *
     * @param found a map for an object, or a list of them for the rows of a table; written if JSON was asked for
     * @param text writes the same for people
     */
    public void write(Object found, Consumer<PrintWriter> text) {
        if (isText()) {
            text.accept(out());
        } else {
            out().println(JSON.<JsonNode>valueToTree(found));
        }
        out().flush();
    }

    /** Tells people what to do next: programs need no advice. */
    public void say(String advice) {
        if (isText()) {
            out().println(advice);
        }
    }

    /** Whether it writes for people. */
    public boolean isText() {
        return form == Form.text;
    }

    /** Where the command's findings go. */
    public PrintWriter out() {
        return Objects.requireNonNull(command).commandLine().getOut();
    }

    public PrintWriter err() {
        return Objects.requireNonNull(command).commandLine().getErr();
    }

    /** Where a command writes what a reader must know beside the findings: to the errors if JSON was asked for. */
    public PrintWriter notes() {
        return isText() ? out() : err();
    }
}
