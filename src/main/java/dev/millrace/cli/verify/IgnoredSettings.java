package dev.millrace.cli.verify;

import dev.millrace.settings.KeptSettings;
import java.io.PrintWriter;
import java.util.List;

/** Says which given settings an audit does not use, because a state has others. */
final class IgnoredSettings {

    private IgnoredSettings() {}

    /** @param whose names whose settings are used */
    static void print(List<KeptSettings.Difference> ignored, String whose, PrintWriter out) {
        ignored.forEach(setting -> out.println("note: " + setting.key() + " = " + setting.here() + " was given, "
                + whose + " has " + setting.ofState() + ", which is used"));
        out.flush();
    }
}
