package dev.millrace.cli.model;

import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "model",
        mixinStandardHelpOptions = true,
        description = "List, compare, promote, roll back and retire generations; export, import and show checkpoints.",
        subcommands = {
            ModelDiffCommand.class,
            ModelExportCommand.class,
            ModelImportCommand.class,
            ModelShowCommand.class
        },
        footer = "millrace model list --bootstrap-server kafka:9092")
public final class ModelCommand {

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "List generations: which one answers, and the step of each learner.",
                "R@10 and R@100 cover all exams since the learner began. An exam ranks examples before a step learns"
                        + " them."
            },
            footer = "millrace model list --bootstrap-server kafka:9092")
    int list(@Mixin ConfigOptions config, @Mixin OutputOption output) {
        GenerationHistory history;
        Map<String, TrainingProgress> learners;
        try (ProgressLine line = output.progress("read")) {
            Cluster cluster = Clusters.open(config.cluster()).followedBy(line);
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

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Make a generation answer. Each server switches index and query encoder together, once it has all of"
                        + " both.",
                "Exits with 1 if it cannot."
            },
            footer = "millrace model promote g2-3f9a01bc --bootstrap-server kafka:9092")
    int promote(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Parameters(paramLabel = "GENERATION", description = "full name, as model list prints it")
                    String generation) {
        Cluster cluster = Clusters.open(config.cluster());
        GenerationHistory history;
        try (ProgressLine line = output.progress("read")) {
            history = GenerationAdmin.history(cluster.followedBy(line));
        }
        history.caution(generation).ifPresent(caution -> output.say("generation " + generation + " " + caution));
        Optional<String> before = Clusters.admin(cluster, "model promote").promote(generation, history);
        output.write(Row.of("promoted", generation).with("answered", before));
        before.ifPresent(one -> output.say("millrace model rollback goes back to " + one));
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Make the previous generation answer again. Its vectors are fresh only if its learner still runs.",
                "Exits with 1 if there is none."
            },
            footer = "millrace model rollback --bootstrap-server kafka:9092")
    int rollback(@Mixin ConfigOptions config, @Mixin OutputOption output) {
        List<String> lastFirst = order(config, output, "model rollback", GenerationAdmin::rollBack);
        output.write(Row.of("promoted", lastFirst.get(0)).with("answered", lastFirst.get(1)));
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Retire a generation that does not answer: remove its vectors and weights from the topics, for good.",
                "Stop its learner first. Exits with 1 if the generation cannot be retired."
            },
            footer = "millrace model retire g1-e5d3e6aa --bootstrap-server kafka:9092")
    int retire(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Parameters(paramLabel = "GENERATION", description = "full name, as model list prints it")
                    String generation) {
        GenerationAdmin.Retired retired = order(config, output, "model retire", admin -> admin.retire(generation));
        output.write(Row.of("retired", generation)
                .with("again", retired.isAgain())
                .with("recordsRemoved", retired.records())
                .with("application", retired.application()));
        retired.application()
                .ifPresent(learner -> output.say("if " + learner
                        + " still runs, stop it and retire the generation again: records published since then stay"));
        return 0;
    }

    @Command(
            name = "hand-over",
            mixinStandardHelpOptions = true,
            description = {
                "Hand a generation over to another application whose learner has the same weights, as after an"
                        + " import.",
                "From then on only that application may publish it; the previous one must not start again."
            },
            footer = "millrace model hand-over g1-e5d3e6aa --to millrace-b-learn-from-log")
    int handOver(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Parameters(paramLabel = "GENERATION", description = "full name, as model list prints it")
                    String generation,
            @Option(
                            names = "--to",
                            paramLabel = "APPLICATION",
                            required = true,
                            description = "as model list has it: stream.application-id and -learn or -learn-from-log")
                    String application) {
        Optional<String> before =
                order(config, output, "model hand-over", admin -> admin.handOver(generation, application));
        output.write(Row.of("generation", generation)
                .with("application", application)
                .with("before", before));
        if (before.isEmpty()) {
            output.say("unchanged: " + generation + " was not published by another");
        }
        return 0;
    }

    private static <T> T order(
            ConfigOptions config, OutputOption output, String command, Function<GenerationAdmin, T> order) {
        try (ProgressLine line = output.progress("read")) {
            return order.apply(Clusters.admin(Clusters.open(config.cluster()).followedBy(line), command));
        }
    }
}
