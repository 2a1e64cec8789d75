package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.evaluate.Report;
import dev.millrace.exam.RankingTotals;
import dev.millrace.workshop.evaluate.EvaluationData;
import dev.millrace.workshop.evaluate.TuneRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "tune",
        mixinStandardHelpOptions = true,
        description = {
            "Search for better settings on the first part of a log, and measure their gain on the rest.",
            "The same trials and seed give the same file."
        },
        footer = {
            "millrace tune --data ml-100k --format movielens --trials 9",
            "millrace tune --mini-batches --bootstrap-server kafka:9092 --minutes 60"
        })
final class TuneCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    DataOptions data = new DataOptions();

    @Option(
            names = "--mini-batches",
            description = "search on the cluster's own log of mini-batches, in place of --data")
    boolean isOfCluster;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            defaultValue = "30",
            description = "time budget, which decides the number of trials; default: ${DEFAULT-VALUE}")
    double minutes = 30;

    @Option(names = "--trials", paramLabel = "N", description = "number of combinations to try, in place of --minutes")
    @Nullable
    Integer trials;

    @Option(
            names = "--first",
            paramLabel = "SHARE",
            defaultValue = "0.5",
            description = "share of the events, the first in time, that the search reads; default: ${DEFAULT-VALUE}")
    double first = 0.5;

    @Option(
            names = "--at",
            paramLabel = "K",
            defaultValue = "20",
            description = "maximise the recall among the first K: 10, 20, 50 or 100; default: ${DEFAULT-VALUE}")
    int at = 20;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "seed of the combinations to try")
    long seed = 1;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            defaultValue = "tuned.properties",
            description = "file to write the better settings to; default: ${DEFAULT-VALUE}")
    Path out = Path.of("tuned.properties");

    @Option(names = "--force", description = "overwrite that file")
    boolean force;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException, InterruptedException {
        require();
        OptionalInt count = trials == null ? OptionalInt.empty() : OptionalInt.of(trials);
        String name = isOfCluster ? "the log of mini-batches" : data.name();
        TuneRun.Task task = new TuneRun.Task(name, count, minutes, first, at, seed);
        if (!isOfCluster) {
            data.requireFeatures(data.settings(config, Map.of()));
        }
        Function<Map<String, String>, MillraceSettings> settings = isOfCluster
                ? changes -> config.settings(Optional.empty(), List.of(), Map.of(), changes)
                : changes -> data.settings(config, List.of(), Map.of(), changes);
        ReportedRun run = report -> new TuneRun(task, settings, examples(report), report).run(out);
        run.untilSignal().run(output, "learnt", List.of());
        return 0;
    }

    private Function<MillraceSettings, RecordedExamples> examples(Report report) {
        return isOfCluster
                ? EvaluationData.ofLog(report.progress(), report::isStopping)::examples
                : EvaluationData.ofDataSet(data::open, Long.MAX_VALUE, output, report::isStopping)::examples;
    }

    private void require() {
        if (isOfCluster && !data.isGenerated()) {
            throw OptionFaults.unusable("--data", "given", "must not be given with --mini-batches");
        }
        if (!isOfCluster && data.isGenerated()) {
            throw OptionFaults.unusable(
                    "--data",
                    "absent",
                    "must be given together with --format, or --mini-batches for the cluster's log");
        }
        if (trials != null) {
            OptionFaults.require("--trials", trials, 1, 1000);
        }
        if (!(minutes > 0)) {
            throw OptionFaults.unusable("--minutes", Double.toString(minutes), "must be above 0");
        }
        if (!(first >= 0.05 && first <= 0.95)) {
            throw OptionFaults.unusable("--first", Double.toString(first), "must be from 0.05 to 0.95");
        }
        if (!RankingTotals.CUTOFFS.contains(at)) {
            throw OptionFaults.unusable("--at", Integer.toString(at), "must be one of " + RankingTotals.CUTOFFS);
        }
        if (Files.exists(out) && !force) {
            throw OptionFaults.unusable("--out", out.toString(), "exists; --force overwrites it");
        }
    }
}
