package dev.millrace.cli.model;

import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.cli.option.Row;
import dev.millrace.exam.RankingTotals;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.train.TrainingProgress;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = {
            "List the generations: which one answers, and how far their learners have come.",
            "R@10 and R@100 are those of all exams since the learner began; an exam comes before the step that learns its examples."
        },
        footer = "millrace model list --bootstrap-server kafka:9092")
final class ModelListCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        GenerationHistory history;
        Map<String, TrainingProgress> learners;
        try (ProgressLine line = progress.line("read")) {
            Cluster cluster = Clusters.open(config.settings()).followedBy(line);
            history = GenerationAdmin.history(cluster);
            learners = new ProgressLog(cluster).byGeneration();
        }
        output.write(
                history.generations().stream()
                        .map(generation -> row(generation, history, Optional.ofNullable(learners.get(generation))))
                        .toList(),
                "no generation was published yet");
        return 0;
    }

    private static Row row(String generation, GenerationHistory history, Optional<TrainingProgress> progress) {
        Optional<GenerationFact> started = history.fact(generation, Kind.STARTED);
        Optional<RankingTotals> exam = progress.map(one -> one.exam().model());
        return Row.of("generation", generation)
                .with("state", history.state(generation).label())
                .with("step", progress.map(TrainingProgress::step))
                .with("items", progress.map(TrainingProgress::items))
                .with("recallAt10", exam.map(totals -> totals.recallAt(10)))
                .with("recallAt100", exam.map(totals -> totals.recallAt(100)))
                .with("since", started.map(fact -> Instant.ofEpochMilli(fact.at())))
                .with("learner", started.map(GenerationFact::by));
    }
}
