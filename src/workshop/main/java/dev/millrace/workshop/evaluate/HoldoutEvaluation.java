package dev.millrace.workshop.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.evaluate.Holdout;
import dev.millrace.evaluate.HoldoutSettings;
import dev.millrace.evaluate.NearestAverages;
import dev.millrace.operation.Progress;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Train on the first part, then find the rest: recall and precision of the model and of the baselines. */
public final class HoldoutEvaluation implements EvaluationProtocol {

    private final EvaluationData data;
    private final EvaluationReport report;
    private final List<Integer> cutoffs;
    private final Progress progress;

    /** @param cutoffs the N of recall@N and precision@N, each at least 1 */
    public HoldoutEvaluation(EvaluationData data, EvaluationReport report, List<Integer> cutoffs, Progress progress) {
        this.data = data;
        this.report = report;
        this.cutoffs = List.copyOf(cutoffs);
        this.progress = progress;
    }

    @Override
    public void run(MillraceSettings settings) throws IOException {
        LearningTime time = new LearningTime();
        Holdout.Result found = new Holdout(
                        HoldoutSettings.read(settings.reader()),
                        data.shares(settings),
                        data.examples(settings),
                        settings.trainer(),
                        time)
                .followedBy(progress)
                .run(cutoffs);
        Map<String, NearestAverages> rows = new LinkedHashMap<>();
        rows.put("model", found.model());
        rows.put("popularity", found.popularity());
        rows.put(Rival.item_knn.toString(), found.itemNeighbours());
        String text = markdown(found, rows);
        report.show(text, text, json(found, rows, time.perSecond(found.learnt())));
    }

    private static String markdown(Holdout.Result found, Map<String, NearestAverages> rows) {
        List<Integer> cutoffs = found.cutoffs();
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d positives to learn from, %,d in the test, of %,d users, %,d of them with something to find among %,d items%n%n",
                found.trainPositives(),
                found.testPositives(),
                found.testUsers(),
                found.model().users(),
                found.items()));
        text.append("| |");
        cutoffs.forEach(n -> text.append(" recall@").append(n).append(" |"));
        cutoffs.forEach(n -> text.append(" precision@").append(n).append(" |"));
        text.append(String.format("%n|---|%s%n", "---|".repeat(2 * cutoffs.size())));
        rows.forEach((name, averages) -> {
            text.append("| ").append(name).append(" |");
            for (int at = 0; at < cutoffs.size(); at++) {
                text.append(String.format(Locale.ROOT, " %.4f |", averages.recall(at)));
            }
            for (int at = 0; at < cutoffs.size(); at++) {
                text.append(String.format(Locale.ROOT, " %.4f |", averages.precision(at)));
            }
            text.append(System.lineSeparator());
        });
        return text.toString();
    }

    private static ObjectNode json(Holdout.Result found, Map<String, NearestAverages> rows, double perSecond) {
        ObjectNode json = EvaluationReport.object()
                .put("trainPositives", found.trainPositives())
                .put("testPositives", found.testPositives())
                .put("testUsers", found.testUsers())
                .put("users", found.model().users())
                .put("items", found.items())
                .put("examplesPerSecond", Math.round(perSecond));
        ArrayNode at = json.putArray("at");
        found.cutoffs().forEach(at::add);
        rows.forEach((name, averages) -> {
            ObjectNode each = json.putObject(name);
            ArrayNode recall = each.putArray("recall");
            ArrayNode precision = each.putArray("precision");
            for (int n = 0; n < found.cutoffs().size(); n++) {
                recall.add(averages.recall(n));
                precision.add(averages.precision(n));
            }
        });
        return json;
    }
}
