package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.settings.SettingDoc;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "settings",
        mixinStandardHelpOptions = true,
        description = "Print the settings reference as a Markdown table.",
        footer = "millrace settings")
final class SettingsCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        out.print(reference());
        out.flush();
        return 0;
    }

    static String reference() {
        StringBuilder table = new StringBuilder("| key | default | type | meaning |\n|---|---|---|---|\n");
        for (SettingDoc doc : MillraceSettings.reference()) {
            table.append("| `%s` | %s | %s | %s |%n"
                    .formatted(
                            doc.key(),
                            doc.byDefault().isEmpty() ? "" : "`" + doc.byDefault() + "`",
                            doc.type().replace("|", "\\|"),
                            doc.doc().replace("<", "\\<")));
        }
        return table.toString();
    }
}
