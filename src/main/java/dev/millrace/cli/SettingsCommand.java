package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.settings.SettingDoc;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "settings",
        mixinStandardHelpOptions = true,
        description = "Print the settings reference as a Markdown table.",
        footer = {"millrace settings", "millrace settings --output json"})
final class SettingsCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        output.write(
                out,
                MillraceSettings.reference().stream().map(SettingsCommand::row).toList(),
                () -> out.print(reference()));
        return 0;
    }

    private static Map<String, String> row(SettingDoc doc) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("key", doc.key());
        row.put("default", doc.byDefault());
        row.put("type", doc.type());
        row.put("meaning", doc.doc());
        return row;
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
