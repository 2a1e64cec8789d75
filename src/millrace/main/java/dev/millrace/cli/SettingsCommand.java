package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.settings.SettingDoc;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
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
        output.write(out, rows().stream().map(SettingsCommand::row).toList(), () -> out.print(reference()));
        return 0;
    }

    /** One for each pattern. It has no default, and no range, where that depends on the name. */
    private static Collection<SettingDoc> rows() {
        SortedMap<String, SettingDoc> rows = new TreeMap<>();
        for (SettingDoc doc : MillraceSettings.reference()) {
            rows.merge(
                    doc.pattern(),
                    doc,
                    (one, other) -> one.byDefault().equals(other.byDefault())
                            ? one
                            : new SettingDoc(one.key(), one.pattern(), "", withoutRange(one.type()), one.doc()));
        }
        return rows.values();
    }

    private static String withoutRange(String type) {
        return type.replaceFirst(" in \\[.*", "");
    }

    private static Map<String, String> row(SettingDoc doc) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("key", doc.pattern());
        row.put("default", doc.byDefault());
        row.put("type", doc.type());
        row.put("meaning", doc.doc());
        return row;
    }

    static String reference() {
        StringBuilder table = new StringBuilder("| key | default | type | meaning |\n|---|---|---|---|\n");
        for (SettingDoc doc : rows()) {
            table.append("| `%s` | %s | %s | %s |%n"
                    .formatted(
                            doc.pattern(),
                            doc.byDefault().isEmpty() ? "" : "`" + doc.byDefault() + "`",
                            doc.type().replace("|", "\\|"),
                            doc.doc().replace("<", "\\<")));
        }
        return table.toString();
    }
}
