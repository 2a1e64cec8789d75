package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.WrittenTopics;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.topic.transaction.Fate;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.topic.transaction.TransactionAdmin;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "transactions",
        mixinStandardHelpOptions = true,
        description =
                "List and settle open transactions on the topics that Millrace writes. Readers of committed records"
                        + " stop at them.",
        footer = "millrace transactions list --bootstrap-server kafka:9092")
final class TransactionsCommand {

    private static final int UNDECIDED = 1;

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "List open transactions. running: the coordinator will end it. aborted, committed: the brokers lost"
                        + " its end; settle writes it.",
                "undecided: the outcome is lost; settle needs --force-abort or --force-commit. Exits with 1 if one is"
                        + " undecided."
            },
            footer = "millrace transactions list --bootstrap-server kafka:9092")
    int list(@Mixin ConfigOptions config, @Mixin OutputOption output) {
        MillraceSettings settings = config.settings();
        return print(asked(output, () -> open(settings)), output);
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Write the ends that are known, as a trainer does by itself.",
                "Exits with 1 if one is undecided."
            },
            footer = {
                "millrace transactions settle --bootstrap-server kafka:9092",
                "millrace transactions settle --force-abort training-examples-0"
            })
    int settle(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Option(
                            names = "--force-abort",
                            paramLabel = "PLACE",
                            description = "TOPIC-PARTITION: abort the undecided transaction there. If it had been "
                                    + "committed, its acknowledged records are lost: no reader will see them")
                    @Nullable
                    Set<String> aborted,
            @Option(
                            names = "--force-commit",
                            paramLabel = "PLACE",
                            description = "TOPIC-PARTITION: commit the undecided transaction there. If it had been "
                                    + "aborted, readers see records that nothing else counts")
                    @Nullable
                    Set<String> committed) {
        Set<String> toAbort = aborted == null ? Set.of() : aborted;
        Set<String> toCommit = committed == null ? Set.of() : committed;
        requireOneEnd(toAbort, toCommit);
        MillraceSettings settings = config.settings();
        WrittenTopics.requireVisible(settings);
        TransactionAdmin admin = settings.allTransactions();
        for (JudgedTransaction one : asked(output, admin::settle)) {
            String place = one.open().place();
            if (one.fate() == Fate.UNDECIDED && (toAbort.contains(place) || toCommit.contains(place))) {
                admin.end(one, toCommit.contains(place));
                output.err().println((toCommit.contains(place) ? "committed: " : "aborted: ") + one.text());
            }
        }
        return print(asked(output, admin::open), output);
    }

    private static List<JudgedTransaction> asked(OutputOption output, Supplier<List<JudgedTransaction>> question) {
        try (ProgressLine line = output.progress("transactions")) {
            line.reached("asked for", 0, Progress.UNKNOWN);
            return question.get();
        }
    }

    private int print(List<JudgedTransaction> open, OutputOption output) {
        output.write(open.stream().map(TransactionsCommand::row).toList(), "none is open");
        return open.stream().anyMatch(one -> one.fate() == Fate.UNDECIDED) ? UNDECIDED : 0;
    }

    private static Row row(JudgedTransaction one) {
        return Row.of("place", one.open().place())
                .with("topic", one.open().topic())
                .with("partition", one.open().partition())
                .with("firstOffset", one.open().firstOffset())
                .with("producerId", one.open().producerId())
                .with("transactionalId", one.transactionalId())
                .with("lastWrite", one.open().lastWrite())
                .with("fate", one.fate().text())
                .with("reason", one.reason());
    }

    private static void requireOneEnd(Set<String> toAbort, Set<String> toCommit) {
        Set<String> both = new TreeSet<>(toAbort);
        both.retainAll(toCommit);
        if (!both.isEmpty()) {
            throw new InvalidSettingsException(both.stream()
                    .map(place -> new SettingFault("--force-commit", place, "must not be under --force-abort too"))
                    .toList());
        }
    }

    /** What is open now, on all topics: none may be hidden from this process, or "none is open" could be untrue. */
    private static List<JudgedTransaction> open(MillraceSettings settings) {
        List<JudgedTransaction> open = settings.allTransactions().open(); // a broker that does not answer is named here
        WrittenTopics.requireVisible(settings);
        return open;
    }
}
