package dev.millrace.cli.verify;

import dev.millrace.settings.KeptSettings;
import java.io.PrintWriter;
import java.util.List;

/** Says which settings of this command, defaults included, an audit does not use, because a state has others. */
final class IgnoredSettings {

    private IgnoredSettings() {}

    /** @param whose names whose settings are used */
    static void print(List<KeptSettings.Difference> ignored, String whose, PrintWriter out) {
        if (!ignored.isEmpty()) {
            out.println(
                    "note: the settings of " + whose + " are used; " + ignored.size() + " of this command's differ:");
        }
        ignored.forEach(
                setting -> out.println("  " + setting.key() + " = " + setting.ofState() + "; here " + setting.here()));
        out.flush();
    }
}
