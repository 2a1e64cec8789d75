package dev.millrace.cli.option;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whether a command writes its findings for people or for programs, and where; the same for every command that has findings. */
public final class OutputOption {

    /** How findings are written. */
    enum Form {
        text,
        json
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec(Spec.Target.MIXEE)
    @Nullable
    CommandSpec command;

    @Option(
            names = "--output",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "${COMPLETION-CANDIDATES}. Default: text")
    Form form = Form.text;

    /** Writes all that a command found: a line for each value, or an object. */
    public void write(Row found) {
        write(out(), found, () -> out().print(found.lines()));
    }

    /**
     * Writes the rows of a table, or an array.
     *
     * @param ifNone tells people that there is no row
     */
    public void write(List<Row> rows, String ifNone) {
        write(out(), rows, () -> out().print(rows.isEmpty() ? ifNone + System.lineSeparator() : Row.table(rows)));
    }

    /** As {@link #write(List, String)}, with a line for each value: for rows that are too long for a table. */
    public void writeEach(List<Row> rows, String ifNone) {
        String none = ifNone + System.lineSeparator();
        write(out(), rows, () -> out().print(
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
    public void write(PrintWriter out, Object found, Runnable text) {
        switch (form) {
            case text -> text.run();
            case json -> out.println(json(found));
        }
        out.flush();
    }

    /** Tells people what to do next: programs need no advice. */
    public void say(String advice) {
        asText(out()).println(advice);
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
        return asNotes(out(), err());
    }

    /** Where a command writes text while it works: nowhere if JSON was asked for. */
    private PrintWriter asText(PrintWriter out) {
        return isText() ? out : new PrintWriter(Writer.nullWriter());
    }

    /** As {@link #notes}. */
    public PrintWriter asNotes(PrintWriter out, PrintWriter err) {
        return isText() ? out : err;
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("texts, numbers, lists and maps can be written", impossible);
        }
    }
}
