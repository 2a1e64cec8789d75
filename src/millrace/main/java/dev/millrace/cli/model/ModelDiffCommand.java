package dev.millrace.cli.model;

import dev.millrace.app.GenerationComparison;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
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
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        description = {
            "Compare two generations: settings, exams, and the share of items that their answers have in common.",
            "Recall is that of the exams since each learner began. Compare it only if both learnt the same steps."
        },
        footer = {
            "millrace model diff g1-e5d3e6aa g2-3f9a01bc --bootstrap-server kafka:9092",
            "millrace model diff g1-e5d3e6aa g2-3f9a01bc --output json"
        })
final class ModelDiffCommand implements Callable<Integer> {

    private static final String ABSENT = "(not set)";

    @Spec
    @Nullable
    CommandSpec spec;

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
            description = "users to ask for, chosen by their ids; default: ${DEFAULT-VALUE}")
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

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        OptionFaults.requireAtLeastOne("--users", users);
        OptionFaults.requireAtLeastOne("--k", k);
        MillraceSettings settings = config.settings();
        Cluster cluster = Clusters.open(settings);
        String one = Objects.requireNonNull(left);
        String other = Objects.requireNonNull(right);
        GenerationHistory history = GenerationAdmin.history(cluster);
        SortedMap<String, String> ofOne = settings(history, one);
        SortedMap<String, String> ofOther = settings(history, other);
        PrintWriter early = output.asText(out); // the answers take a while
        printSettings(ofOne, ofOther, early);
        Map<String, TrainingProgress> learners = new ProgressLog(cluster).byGeneration();
        printExam(one, Optional.ofNullable(learners.get(one)), early);
        printExam(other, Optional.ofNullable(learners.get(other)), early);
        early.flush();
        GenerationComparison.Agreement agreement;
        try (ProgressLine line = progress.line("read")) {
            agreement = GenerationComparison.between(settings, one, other, users, k, directory, line);
        }
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("left", generation(one, Optional.ofNullable(learners.get(one))));
        object.put("right", generation(other, Optional.ofNullable(learners.get(other))));
        object.put(
                "settings",
                differing(ofOne, ofOther).stream()
                        .map(key -> row(key, ofOne, ofOther))
                        .toList());
        object.put("answers", object(agreement));
        output.write(
                out,
                object,
                () -> out.printf(
                        Locale.ROOT,
                        "answers     of %,d users: %.3f of the best %d items in common, the same best item for %.3f%n",
                        agreement.users(),
                        agreement.common(),
                        agreement.k(),
                        agreement.sameFirst()));
        return 0;
    }

    private static Map<String, Object> generation(String name, Optional<TrainingProgress> progress) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("generation", name);
        progress.ifPresent(training -> {
            RankingTotals exam = training.exam().model();
            object.put("step", training.step());
            object.put("ranked", exam.scored());
            object.put("recallAt10", exam.recallAt(10));
            object.put("standardErrorAt10", exam.standardErrorAt(10));
            object.put("recallAt100", exam.recallAt(100));
            object.put("standardErrorAt100", exam.standardErrorAt(100));
            object.put("ndcgAt10", exam.ndcg10());
        });
        return object;
    }

    /** A setting that differs; a side that has not set it has no member. */
    private static Map<String, String> row(
            String key, SortedMap<String, String> left, SortedMap<String, String> right) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("key", key);
        Optional.ofNullable(left.get(key)).ifPresent(value -> row.put("left", value));
        Optional.ofNullable(right.get(key)).ifPresent(value -> row.put("right", value));
        return row;
    }

    private static Map<String, Object> object(GenerationComparison.Agreement agreement) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("users", agreement.users());
        object.put("k", agreement.k());
        object.put("common", agreement.common());
        object.put("sameFirst", agreement.sameFirst());
        return object;
    }

    private static SortedMap<String, String> settings(GenerationHistory history, String generation) {
        return history.fact(generation, Kind.STARTED)
                .map(GenerationFact::settings)
                .orElseThrow(() -> new GenerationRefusedException(
                        "there is no generation " + generation + "; known: " + history.generations()));
    }

    private static Set<String> differing(SortedMap<String, String> left, SortedMap<String, String> right) {
        Set<String> keys = new TreeSet<>(left.keySet());
        keys.addAll(right.keySet());
        keys.removeIf(key -> left.getOrDefault(key, ABSENT).equals(right.getOrDefault(key, ABSENT)));
        return keys;
    }

    private static void printSettings(
            SortedMap<String, String> left, SortedMap<String, String> right, PrintWriter out) {
        Set<String> keys = differing(left, right);
        out.println("settings    " + (keys.isEmpty() ? "the same" : keys.size() + " differ"));
        keys.forEach(key -> out.println("            " + key + " = " + left.getOrDefault(key, ABSENT) + " | "
                + right.getOrDefault(key, ABSENT)));
    }

    private static void printExam(String generation, Optional<TrainingProgress> progress, PrintWriter out) {
        out.println("exam        " + generation
                + progress.map(training -> String.format(
                                Locale.ROOT,
                                ": step %,d, %,d ranked, R@10 %.4f ± %.4f, R@100 %.4f ± %.4f, NDCG@10 %.4f",
                                training.step(),
                                training.exam().model().scored(),
                                training.exam().model().recallAt(10),
                                training.exam().model().standardErrorAt(10),
                                training.exam().model().recallAt(100),
                                training.exam().model().standardErrorAt(100),
                                training.exam().model().ndcg10()))
                        .orElse(": no progress of its learner"));
    }
}
