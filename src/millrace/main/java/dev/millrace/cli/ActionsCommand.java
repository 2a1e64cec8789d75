package dev.millrace.cli;

import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.operation.OperatorAction;
import dev.millrace.topic.OperatorLog;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "actions",
        mixinStandardHelpOptions = true,
        description = {
            "Print the audit log: operators' orders, oldest first.",
            "An erased user appears as the SHA-256 of the id: printf %%s ID | sha256sum."
        },
        footer = "millrace actions --bootstrap-server kafka:9092")
final class ActionsCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(
            names = {"-n", "--count"},
            defaultValue = "20",
            description = "number of the latest entries to print; default: ${DEFAULT-VALUE}")
    int count;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() {
        OptionFaults.requireAtLeastOne("--count", count);
        List<OperatorAction> entries;
        try (ProgressLine line = output.progress("read")) {
            entries = OperatorLog.entries(Clusters.open(config.cluster()).followedBy(line));
        }
        List<OperatorAction> latest = entries.subList(Math.max(0, entries.size() - count), entries.size());
        output.write(latest.stream().map(ActionsCommand::row).toList(), "the audit log is empty");
        return 0;
    }

    private static Row row(OperatorAction entry) {
        return Row.of("at", Instant.ofEpochMilli(entry.at()))
                .with("result", word(entry.result()))
                .with("action", word(entry.kind()))
                .with("target", entry.target())
                .with("by", entry.by().name())
                .with("means", entry.by().means())
                .with("address", entry.by().address())
                .with("client_id", entry.by().clientId())
                .with("detail", entry.detail());
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
