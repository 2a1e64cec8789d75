package dev.millrace.cli;

import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.operation.OperatorAction;
import dev.millrace.topic.OperatorLog;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "actions",
        mixinStandardHelpOptions = true,
        description = {
            "List what operators have ordered, the latest last: the audit log.",
            "An erased user stands there as a SHA-256: printf %%s ID | sha256sum."
        },
        footer = "millrace actions --bootstrap-server kafka:9092")
final class ActionsCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(
            names = {"-n", "--count"},
            defaultValue = "20",
            description = "how many. Default: ${DEFAULT-VALUE}")
    int count;

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        OptionFaults.requireAtLeastOne("--count", count);
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        List<OperatorAction> entries;
        try (ProgressLine line = progress.line("read")) {
            entries = OperatorLog.entries(Clusters.open(config.settings()).followedBy(line));
        }
        List<OperatorAction> latest = entries.subList(Math.max(0, entries.size() - count), entries.size());
        output.write(out, latest.stream().map(ActionsCommand::row).toList(), () -> {
            if (latest.isEmpty()) {
                out.println("nothing was ordered yet");
            }
            latest.forEach(entry -> out.println(line(entry)));
        });
        return 0;
    }

    private static Map<String, String> row(OperatorAction entry) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("at", Instant.ofEpochMilli(entry.at()).toString());
        row.put("result", result(entry));
        row.put("action", action(entry));
        row.put("target", entry.target());
        row.put("detail", entry.detail());
        row.put("by", entry.by().name());
        row.put("means", entry.by().means());
        row.put("address", entry.by().address());
        row.put("client_id", entry.by().clientId());
        return row;
    }

    private static String result(OperatorAction entry) {
        return entry.result().name().toLowerCase(Locale.ROOT);
    }

    private static String action(OperatorAction entry) {
        return entry.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String line(OperatorAction entry) {
        return "%s  %-9s %-9s %s%n%26sby %s, %s, from %s%s"
                .formatted(
                        Instant.ofEpochMilli(entry.at()),
                        result(entry),
                        action(entry),
                        entry.target() + (entry.detail().isEmpty() ? "" : " (" + entry.detail() + ")"),
                        "",
                        entry.by().name(),
                        entry.by().means(),
                        entry.by().address(),
                        entry.by().clientId().isEmpty()
                                ? ""
                                : ", client " + entry.by().clientId());
    }
}
