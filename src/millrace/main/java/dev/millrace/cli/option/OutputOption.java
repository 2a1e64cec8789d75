package dev.millrace.cli.option;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.Writer;
import picocli.CommandLine.Option;

/** Whether a command writes its findings for people or for programs; the same for every command that prints a table. */
public final class OutputOption {

    /** How findings are written. */
    enum Form {
        text,
        json
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(
            names = "--output",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "${COMPLETION-CANDIDATES}. Default: text")
    Form form = Form.text;

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

    /** Whether it writes for people. */
    public boolean isText() {
        return form == Form.text;
    }

    /** Where a command writes text while it works: nowhere if JSON was asked for. */
    public PrintWriter asText(PrintWriter out) {
        return isText() ? out : new PrintWriter(Writer.nullWriter());
    }

    /** Where a command writes what a reader must know beside the findings: to the errors if JSON was asked for. */
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
