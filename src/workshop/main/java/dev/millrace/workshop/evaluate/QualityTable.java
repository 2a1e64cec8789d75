package dev.millrace.workshop.evaluate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.exam.RankingTotals;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A table of configurations with their quality on one data set. The first row is the configuration of the data set. The other rows may rank a few more or
 * fewer events if their batches differ. One thread.
 */
final class QualityTable {

    /**
     * One configuration, or a baseline.
     *
     * @param totals of the ranked events
     * @param perSecond examples learnt a second of the learning thread's CPU time; empty if nothing is learnt
     * @param refusedSteps batches that were refused because they would have harmed the model
     */
    record Row(String name, RankingTotals totals, OptionalDouble perSecond, OptionalLong refusedSteps) {

        /** A row that learns nothing. */
        static Row baseline(String name, RankingTotals totals) {
            return new Row(name, totals, OptionalDouble.empty(), OptionalLong.empty());
        }
    }

    private final String data;
    private final List<Row> rows = new ArrayList<>();

    /** @param data its name */
    QualityTable(String data) {
        this.data = data;
    }

    void add(Row row) {
        rows.add(row);
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s: %,d events ranked; ± is one standard error. examples/s: learnt in a second of CPU time of learning steps, exams and batching not counted.%n%n",
                data,
                rows.isEmpty() ? 0 : rows.get(0).totals().scored()));
        text.append(String.format("| configuration | R@10 | R@100 | NDCG@10 | examples/s |%n|---|---|---|---|---|%n"));
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s%s | %.4f ± %.4f | %.4f ± %.4f | %.4f | %s |%n",
                    row.name(),
                    refused(row),
                    row.totals().recallAt(10),
                    row.totals().standardErrorAt(10),
                    row.totals().recallAt(100),
                    row.totals().standardErrorAt(100),
                    row.totals().ndcg10(),
                    row.perSecond().isPresent()
                            ? String.format(
                                    Locale.ROOT, "%,.0f", row.perSecond().getAsDouble())
                            : "–"));
        }
        return text.toString();
    }

    ObjectNode json() {
        ObjectNode json = new ObjectMapper().createObjectNode().put("data", data);
        ArrayNode array = json.putArray("rows");
        for (Row row : rows) {
            ObjectNode each = array.addObject()
                    .put("configuration", row.name())
                    .put("scored", row.totals().scored());
            EvaluationReport.put(each, row.totals());
            row.perSecond().ifPresent(rate -> each.put("examplesPerSecond", Math.round(rate)));
            row.refusedSteps().ifPresent(steps -> each.put("refusedSteps", steps));
        }
        return json;
    }

    private static String refused(Row row) {
        long steps = row.refusedSteps().orElse(0);
        return steps == 0 ? "" : String.format(Locale.ROOT, " (%,d steps refused)", steps);
    }
}
