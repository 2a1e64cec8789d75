package dev.millrace.cli.verify;

import dev.millrace.cli.option.Row;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.settings.KeptSettings;
import java.io.PrintWriter;
import java.util.List;

/**
 * What came of a verification.
 *
 * @param target what was verified: a generation, or an application
 * @param agrees false too if nothing could be compared
 * @param detail what was compared, in a few words
 * @param found the figures, and what differs
 */
public record Verdict(Kind kind, String target, boolean agrees, String detail, Row found) {

    public Row row() {
        return Row.of("check", kind == Kind.VERIFY_MODEL ? "model" : "counts")
                .with("target", target)
                .with("agrees", agrees)
                .with("detail", detail)
                .with(found);
    }

    /**
     * Says which settings of this command, defaults included, an audit does not use, because a state has others.
     *
     * @param whose names whose settings are used
     */
    static void printIgnored(List<KeptSettings.Difference> ignored, String whose, PrintWriter out) {
        if (!ignored.isEmpty()) {
            out.println(
                    "note: the settings of " + whose + " are used; " + ignored.size() + " of this command's differ:");
        }
        ignored.forEach(
                setting -> out.println("  " + setting.key() + " = " + setting.ofState() + "; here " + setting.here()));
        out.flush();
    }
}
