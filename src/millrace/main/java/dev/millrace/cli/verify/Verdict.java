package dev.millrace.cli.verify;

import dev.millrace.operation.OperatorAction.Kind;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What came of a verification.
 *
 * @param target what was verified: a generation, or an application
 * @param agrees false too if nothing could be compared
 * @param detail what was compared, in a few words
 * @param found the figures, and what differs, for a program to read
 */
public record Verdict(Kind kind, String target, boolean agrees, String detail, Map<String, Object> found) {

    /** All of it, for a program to read. */
    public Map<String, Object> row() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("check", kind == Kind.VERIFY_MODEL ? "model" : "counts");
        row.put("target", target);
        row.put("agrees", agrees);
        row.put("detail", detail);
        row.putAll(found);
        return row;
    }
}
