package dev.millrace.workshop.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.evaluate.PublishedVectors;
import dev.millrace.operation.Progress;
import dev.millrace.publish.PublishSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Test by the vectors as they would have been published, then learn: a row for each policy of publication. */
public final class PublishedEvaluation implements EvaluationProtocol {

    /**
     * The policies to compare: every bound with every number of vectors.
     *
     * @param maxAges bounds on the age of vectors, steps; 1 publishes everything in each step, 0 only what is touched
     * @param mostMoved vectors a step besides, of the items whose rows moved farthest
     * @param everySteps steps from one publication to the next
     */
    public record Policies(List<Integer> maxAges, List<Integer> mostMoved, int everySteps) {
        public Policies {
            maxAges = List.copyOf(maxAges);
            mostMoved = List.copyOf(mostMoved);
        }

        List<PublishedVectors.Policy> over(PublishSettings base) {
            List<PublishedVectors.Policy> policies = new ArrayList<>();
            for (int steps : maxAges) {
                for (int moved : steps == 1 ? List.of(0) : mostMoved) {
                    String bound = steps == 0 ? "touched" : steps == 1 ? "everything" : "touched, bound " + steps;
                    String name = moved == 0 ? bound : bound + ", " + moved + " most moved";
                    policies.add(new PublishedVectors.Policy(name, base.withBounds(steps, moved)));
                }
            }
            return policies;
        }
    }

    private final EvaluationData data;
    private final EvaluationReport report;
    private final Policies policies;
    private final Progress progress;

    public PublishedEvaluation(EvaluationData data, EvaluationReport report, Policies policies, Progress progress) {
        this.data = data;
        this.report = report;
        this.policies = policies;
        this.progress = progress;
    }

    @Override
    public void run(MillraceSettings settings) throws IOException {
        PublishedVectors published = new PublishedVectors(
                        data.shares(settings), data.examples(settings), settings.trainer())
                .followedBy(progress);
        List<PublishedVectors.Result> found =
                published.run(policies.over(settings.trainer().publish()), policies.everySteps());
        String text = markdown(found);
        report.show(text, text, json(found));
    }

    private static String markdown(List<PublishedVectors.Result> rows) {
        StringBuilder text = new StringBuilder(
                "| published | R@10 | R@100 | NDCG@10 | vectors a step | mean age | oldest | mean cosine |%n|---|---|---|---|---|---|---|---|%n"
                        .formatted());
        rows.forEach(row -> text.append(String.format(
                Locale.ROOT,
                "| %s | %.4f | %.4f | %.4f | %,.0f | %.1f | %,d | %.4f |%n",
                row.name(),
                row.ranks().recallAt(10),
                row.ranks().recallAt(100),
                row.ranks().ndcg10(),
                row.vectorsAStep(),
                row.meanAge(),
                row.maxAge(),
                row.meanCosine())));
        return text.toString();
    }

    private static ObjectNode json(List<PublishedVectors.Result> found) {
        ObjectNode json = EvaluationReport.object();
        ArrayNode rows = json.putArray("policies");
        for (PublishedVectors.Result row : found) {
            ObjectNode each = rows.addObject()
                    .put("policy", row.name())
                    .put("vectorsAStep", row.vectorsAStep())
                    .put("meanAge", row.meanAge())
                    .put("maxAge", row.maxAge())
                    .put("meanCosine", row.meanCosine());
            EvaluationReport.put(each.putObject("ranks"), row.ranks());
        }
        return json;
    }
}
