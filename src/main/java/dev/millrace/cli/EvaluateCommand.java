package dev.millrace.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.batch.FastPopularity;
import dev.millrace.evaluate.Prequential;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = "Measure quality on a recorded data set, through the stages of the stream.")
final class EvaluateCommand implements Callable<Integer> {

    enum Protocol {
        prequential
    }

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    DataOptions data = new DataOptions();

    @Option(names = "--protocol", defaultValue = "prequential", description = "${COMPLETION-CANDIDATES}")
    Protocol protocol = Protocol.prequential;

    @Option(
            names = "--warm-up",
            paramLabel = "SHARE",
            description = "share of the positives learnt before scoring; stands before evaluate.warm-up")
    @Nullable
    Double warmUp;

    @Option(
            names = "--popularity-weights",
            split = ",",
            paramLabel = "BETA",
            description = "also rank with these weights of the popularity term, in the same pass")
    List<Double> popularityWeights = List.of();

    @Option(names = "--frozen", description = "also score a model that stops learning after the warm-up")
    boolean frozen;

    @Option(names = "--report", paramLabel = "FILE", description = "write the figures as JSON")
    @Nullable
    Path report;

    @Override
    public Integer call() throws IOException {
        MillraceSettings settings = data.settings(config, Map.of());
        TrainerSettings trainer =
                settings.trainer().withExam(settings.trainer().exam().withOtherWeights(checked(popularityWeights)));
        Prequential prequential = new Prequential(
                warmUp == null ? settings.prequential() : settings.prequential().withWarmUp(warmUp),
                settings.attribution(),
                trainer);
        feed(prequential, data.open(settings));
        PrintWriter out = java.util.Objects.requireNonNull(spec).commandLine().getOut();
        prequential.books().forEach((topic, account) -> out.println(Tables.account(topic, account)));
        Prequential.Result online = prequential.run(Prequential.Mode.ONLINE);

        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("scored", online.exam().model().scored());
        json.put("withoutHistory", online.exam().withoutHistory());
        json.put("positives", online.positives());
        json.put("items", online.items());
        out.printf(
                Locale.ROOT,
                "%,d events scored, %,d without history not scored, %,d items%n",
                online.exam().model().scored(),
                online.exam().withoutHistory(),
                online.items());
        out.println(Tables.RECALL_HEAD);
        show(out, json, "model", online.exam().model());
        showOthers(out, json, "beta", online.exam());
        show(out, json, "popularity", online.exam().popularity());
        if (frozen) {
            ExamTotals still = prequential.run(Prequential.Mode.FROZEN).exam();
            show(out, json, "frozen", still.model());
            showOthers(out, json, "frozen", still);
        }
        if (report != null) {
            new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(report.toFile(), json);
        }
        out.flush();
        return 0;
    }

    private static void feed(Prequential prequential, DataSet dataSet) {
        try (Stream<ReplayEvent> events = dataSet.events(bad -> System.err.println(bad))) {
            events.forEach(event -> {
                if (event instanceof ReplayEvent.Listed listed) {
                    prequential.item(listed.item());
                } else if (event instanceof ReplayEvent.Described described) {
                    prequential.attribution().profile(described.profile());
                } else if (event instanceof ReplayEvent.Shown shown) {
                    prequential.attribution().expose(shown.exposure());
                } else if (event instanceof ReplayEvent.Clicked clicked) {
                    prequential.attribution().click(clicked.click());
                }
            });
        }
    }

    private void showOthers(PrintWriter out, ObjectNode json, String name, ExamTotals exam) {
        for (int at = 0; at < popularityWeights.size(); at++) {
            show(
                    out,
                    json,
                    name + " " + popularityWeights.get(at),
                    exam.others().get(at));
        }
    }

    private static List<Double> checked(List<Double> weights) {
        List<SettingFault> faults = weights.stream()
                .filter(weight -> !(weight >= 0 && weight <= FastPopularity.MAX_WEIGHT))
                .map(weight -> new SettingFault(
                        "--popularity-weights", weight.toString(), "must be from 0 to " + FastPopularity.MAX_WEIGHT))
                .toList();
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return weights;
    }

    private static void show(PrintWriter out, ObjectNode json, String name, RankingTotals totals) {
        out.println(Tables.recall(name, totals));
        json.putObject(name)
                .put("at10", totals.recallAt(10))
                .put("at20", totals.recallAt(20))
                .put("at50", totals.recallAt(50))
                .put("at100", totals.recallAt(100))
                .put("ndcg10", totals.ndcg10());
    }
}
