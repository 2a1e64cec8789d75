package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.Row;
import dev.millrace.settings.SettingDoc;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "settings",
        mixinStandardHelpOptions = true,
        description = "Print the settings reference as a Markdown table.",
        footer = {"millrace settings", "millrace settings --output json"})
final class SettingsCommand implements Callable<Integer> {

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() {
        output.write(rows().stream().map(SettingsCommand::row).toList(), out -> out.print(reference()));
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

    private static Row row(SettingDoc doc) {
        return Row.of("key", doc.pattern())
                .with("default", doc.byDefault())
                .with("type", doc.type())
                .with("meaning", doc.doc());
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
