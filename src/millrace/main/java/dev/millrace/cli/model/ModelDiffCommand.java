package dev.millrace.cli.model;

import dev.millrace.app.GenerationComparison;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.exam.RankingTotals;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        description = {
            "Compare two generations: settings, exams, and the share of items that their answers have in common.",
            "Recall covers all exams since each learner began. It is comparable only if both learnt the same steps."
        },
        footer = {
            "millrace model diff g1-e5d3e6aa g2-3f9a01bc --bootstrap-server kafka:9092",
            "millrace model diff g1-e5d3e6aa g2-3f9a01bc --output json"
        })
final class ModelDiffCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Parameters(index = "0", paramLabel = "LEFT", description = "full name of a generation, as model list has it")
    @Nullable
    String left;

    @Parameters(index = "1", paramLabel = "RIGHT", description = "the other one")
    @Nullable
    String right;

    @Option(
            names = "--users",
            paramLabel = "N",
            description = "number of users to compare answers for, chosen by their ids; default: ${DEFAULT-VALUE}")
    int users = 200;

    @Option(names = "--k", paramLabel = "N", description = "items in an answer; default: ${DEFAULT-VALUE}")
    int k = 100;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "folder for what does not fit in memory, emptied at each start; default: ${DEFAULT-VALUE}")
    Path directory = Path.of(".millrace/diff");

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException, InterruptedException {
        OptionFaults.requireAtLeastOne("--users", users);
        OptionFaults.requireAtLeastOne("--k", k);
        MillraceSettings settings = config.settings();
        Cluster cluster = Clusters.open(settings);
        String one = Objects.requireNonNull(left);
        String other = Objects.requireNonNull(right);
        GenerationHistory history = GenerationAdmin.history(cluster);
        SortedMap<String, String> ofOne = settings(history, one);
        SortedMap<String, String> ofOther = settings(history, other);
        Map<String, TrainingProgress> learners = new ProgressLog(cluster).byGeneration();
        GenerationComparison.Agreement agreement;
        try (ProgressLine line = output.progress("read")) {
            agreement = GenerationComparison.between(settings, one, other, users, k, directory, line);
        }
        output.write(Row.of("left", generation(one, Optional.ofNullable(learners.get(one))))
                .with("right", generation(other, Optional.ofNullable(learners.get(other))))
                .with("settings", differing(ofOne, ofOther))
                .with(
                        "answers",
                        Row.of("users", agreement.users())
                                .with("k", agreement.k())
                                .with("common", agreement.common())
                                .with("sameFirst", agreement.sameFirst())));
        return 0;
    }

    private static Row generation(String name, Optional<TrainingProgress> progress) {
        Row row = Row.of("generation", name);
        progress.ifPresent(training -> {
            RankingTotals exam = training.exam().model();
            row.with("step", training.step())
                    .with("ranked", exam.scored())
                    .with("recallAt10", exam.recallAt(10))
                    .with("standardErrorAt10", exam.standardErrorAt(10))
                    .with("recallAt100", exam.recallAt(100))
                    .with("standardErrorAt100", exam.standardErrorAt(100))
                    .with("ndcgAt10", exam.ndcg10());
        });
        return row;
    }

    private static SortedMap<String, String> settings(GenerationHistory history, String generation) {
        return history.fact(generation, Kind.STARTED)
                .map(GenerationFact::settings)
                .orElseThrow(() -> new GenerationRefusedException(
                        "there is no generation " + generation + "; known: " + history.generations()));
    }

    /** The settings that differ; a side that has not set one has no value. */
    private static List<Row> differing(SortedMap<String, String> left, SortedMap<String, String> right) {
        Set<String> keys = new TreeSet<>(left.keySet());
        keys.addAll(right.keySet());
        return keys.stream()
                .filter(key -> !Objects.equals(left.get(key), right.get(key)))
                .map(key -> Row.of("key", key)
                        .with("left", Optional.ofNullable(left.get(key)))
                        .with("right", Optional.ofNullable(right.get(key))))
                .toList();
    }
}
