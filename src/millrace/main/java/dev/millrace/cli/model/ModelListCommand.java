package dev.millrace.cli.model;

import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.train.TrainingProgress;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = {
            "List the generations: which one answers, and how far their learners have come.",
            "R@10 and R@100 are those of all exams since the learner began; an exam comes before the step that learns its examples."
        },
        footer = "millrace model list --bootstrap-server kafka:9092")
final class ModelListCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        GenerationHistory history;
        Map<String, TrainingProgress> learners;
        try (ProgressLine line = progress.line("read")) {
            Cluster cluster = Clusters.open(config.settings()).followedBy(line);
            history = GenerationAdmin.history(cluster);
            learners = new ProgressLog(cluster).byGeneration();
        }
        output.write(
                out,
                history.generations().stream()
                        .map(generation -> row(generation, history, Optional.ofNullable(learners.get(generation))))
                        .toList(),
                () -> print(history, learners, out));
        return 0;
    }

    private static Map<String, Object> row(
            String generation, GenerationHistory history, Optional<TrainingProgress> progress) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("generation", generation);
        row.put("state", history.state(generation).label());
        progress.ifPresent(one -> {
            row.put("step", one.step());
            row.put("items", one.items());
            row.put("recallAt10", one.exam().model().recallAt(10));
            row.put("recallAt100", one.exam().model().recallAt(100));
        });
        history.fact(generation, Kind.STARTED).ifPresent(fact -> {
            row.put("since", Instant.ofEpochMilli(fact.at()).toString());
            row.put("learner", fact.by());
        });
        return row;
    }

    private static void print(GenerationHistory history, Map<String, TrainingProgress> learners, PrintWriter out) {
        if (history.generations().isEmpty()) {
            out.println("no generation was published yet");
        } else {
            out.printf(
                    Locale.ROOT,
                    "%-24s %-16s %9s %9s %7s %7s  %-20s %s%n",
                    "generation",
                    "state",
                    "step",
                    "items",
                    "R@10",
                    "R@100",
                    "since",
                    "learner");
        }
        for (String generation : history.generations()) {
            print(generation, history, Optional.ofNullable(learners.get(generation)), out);
        }
    }

    private static void print(
            String generation, GenerationHistory history, Optional<TrainingProgress> progress, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%-24s %-16s %9s %9s %7s %7s  %-20s %s%n",
                generation,
                history.state(generation).label(),
                progress.map(one -> String.format(Locale.ROOT, "%,d", one.step()))
                        .orElse("-"),
                progress.map(one -> String.format(Locale.ROOT, "%,d", one.items()))
                        .orElse("-"),
                progress.map(one -> recall(one, 10)).orElse("-"),
                progress.map(one -> recall(one, 100)).orElse("-"),
                history.fact(generation, Kind.STARTED)
                        .map(fact -> Instant.ofEpochSecond(fact.at() / 1000).toString())
                        .orElse("-"),
                history.fact(generation, Kind.STARTED).map(GenerationFact::by).orElse("-"));
    }

    private static String recall(TrainingProgress progress, int cutoff) {
        return String.format(Locale.ROOT, "%.4f", progress.exam().model().recallAt(cutoff));
    }
}
