package dev.millrace.faults;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ServeProcess;
import dev.millrace.cli.HttpProbe;
import dev.millrace.operation.Progress;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.TopicReader;
import dev.millrace.verify.ModelAudit;
import dev.millrace.verify.ModelReport;
import dev.millrace.verify.books.CountAudit;
import dev.millrace.verify.books.CountReport;
import dev.millrace.verify.books.RecordedAttribution;
import dev.millrace.wire.Topic;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether what a disturbed run left is what it should be.
 *
 * @param verdict in words, if nothing failed
 * @param failures what differs
 */
record Judgement(String verdict, List<String> failures) {

    /** How much must be as in the undisturbed run. */
    enum Demand {
        /** Log and digest too, outright: the input was one partition, loaded beforehand, with distinct times. */
        SAME_LOG,
        /** Examples as a set, and every count: in what order partitions met is Kafka's. */
        SAME_EXAMPLES
    }

    private static final int K = 10;
    private static final int ASKED = 25;
    private static final float CLOSE = 1e-5f;

    static Judgement of(Experiment experiment, Outcome undisturbed, Demand demand) throws Exception {
        MillraceSettings settings = experiment.settings();
        List<String> failures = new ArrayList<>();
        Outcome left = Outcome.read(settings);
        compareBooks(left, undisturbed, failures);
        compareExamples(left, undisturbed, failures);
        if (demand == Demand.SAME_LOG) {
            compareLogs(left, undisturbed, failures);
        }
        auditBooks(settings, failures);
        ModelReport model = auditModel(settings, failures);
        int items = compareIndex(experiment, settings, failures);
        return new Judgement(
                String.format(
                        "%s; step %d, digest %.8s…; %d examples once each; books equal; replay: %d digests and %d"
                                + " vectors same bits; index of %d items = exact search",
                        demand == Demand.SAME_LOG ? "same log, same digest" : "same examples",
                        left.step(),
                        left.digest(),
                        left.exampleIds().size(),
                        model.digests(),
                        model.vectors(),
                        items),
                failures);
    }

    private static void compareBooks(Outcome left, Outcome undisturbed, List<String> failures) {
        left.books().forEach((topic, account) -> {
            if (!account.isBalanced()) {
                failures.add("books of " + topic + " do not balance: " + account);
            }
        });
        if (!left.books().equals(undisturbed.books())) {
            failures.add("books are " + left.books() + ", undisturbed " + undisturbed.books());
        }
    }

    private static void compareExamples(Outcome left, Outcome undisturbed, List<String> failures) {
        Set<String> ids = new HashSet<>(left.exampleIds());
        if (ids.size() != left.exampleIds().size()) {
            failures.add(left.exampleIds().size() - ids.size() + " examples came twice");
        }
        Set<String> expected = new HashSet<>(undisturbed.exampleIds());
        Set<String> missing = new HashSet<>(expected);
        missing.removeAll(ids);
        ids.removeAll(expected);
        if (!missing.isEmpty() || !ids.isEmpty()) {
            failures.add(missing.size() + " examples missing, such as " + few(missing) + "; " + ids.size()
                    + " too many, such as " + few(ids));
        }
    }

    private static List<String> few(Set<String> ids) {
        return ids.stream().sorted().limit(10).toList();
    }

    private static void compareLogs(Outcome left, Outcome undisturbed, List<String> failures) {
        if (!left.log().equals(undisturbed.log())) {
            int same = 0;
            while (same < Math.min(left.log().size(), undisturbed.log().size())
                    && left.log().get(same).equals(undisturbed.log().get(same))) {
                same++;
            }
            failures.add(
                    "logs differ from step " + (same + 1) + " on: " + left.log().size() + " batches, undisturbed "
                            + undisturbed.log().size());
        }
        if (left.step() != undisturbed.step() || !left.digest().equals(undisturbed.digest())) {
            failures.add("digest of step " + left.step() + " is " + left.digest() + ", undisturbed "
                    + undisturbed.digest() + " of step " + undisturbed.step());
        }
    }

    /** The books against the topics, by the audit that operators run. */
    private static void auditBooks(MillraceSettings settings, List<String> failures) {
        try (TopicReader log = new TopicReader(settings.clients(), Experiment.PATIENCE)) {
            CountReport report = CountAudit.run(
                    RecordedAttribution.of(settings.cluster(), log, settings.attribution()), Optional.empty());
            report.faults().forEach(fault -> failures.add("verify --counts: " + fault));
        }
    }

    /** Digests and last vectors against a replay of the run's own log, by the audit that operators run. */
    private static ModelReport auditModel(MillraceSettings settings, List<String> failures) {
        ModelReport report = new ModelAudit(settings.cluster(), settings.learner(), Progress.NONE)
                .run(new ModelAudit.Scope(OptionalLong.empty(), Optional.empty()));
        if (!report.isSame() && report.differing() == 0) {
            failures.add("verify --model: nothing was there to compare: " + report);
        }
        report.differences().forEach(difference -> failures.add("verify --model: " + difference));
        return report;
    }

    /** What a server answers against an exact search over the vectors on the topic. */
    private static int compareIndex(Experiment experiment, MillraceSettings settings, List<String> failures)
            throws Exception {
        List<Long> freshness = new ArrayList<>();
        Map<String, float[]> vectors = vectors(settings, freshness, failures);
        if (!freshness.isEmpty()) {
            freshness.sort(null);
            experiment
                    .report()
                    .freshness(String.format(
                            Locale.ROOT,
                            "p50 %.1f s, p99 %.1f s",
                            freshness.get(freshness.size() / 2) / 1e3,
                            freshness.get(freshness.size() * 99 / 100) / 1e3));
        }
        try (ServeProcess server =
                ServeProcess.start(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            HttpProbe recall = new HttpProbe(server.url());
            Experiment.awaits("the server is ready", recall::isReady);
            for (String item : vectors.keySet().stream().limit(ASKED).toList()) {
                if (!answersTheNearest(recall, item, vectors)) {
                    failures.add("the index does not answer the nearest of item " + item);
                }
            }
        }
        return vectors.size();
    }

    /** Whether a server answers what an exact search over these vectors finds. */
    static boolean answersTheNearest(HttpProbe recall, String asked, Map<String, float[]> vectors) throws Exception {
        Map<String, Float> found = new TreeMap<>();
        for (JsonNode hit :
                recall.fetch("/v1/similar?k=" + K + "&item=" + asked).path("items")) {
            found.put(hit.path("item").asText(), hit.path("score").floatValue());
        }
        float[] query = Optional.ofNullable(vectors.get(asked)).orElseThrow();
        float lowest = found.values().stream().min(Float::compare).orElse(Float.MAX_VALUE);
        boolean isRight = found.size() == Math.min(K, vectors.size() - 1);
        for (Map.Entry<String, float[]> other : vectors.entrySet()) {
            float product = product(query, other.getValue());
            Float score = found.get(other.getKey());
            if (score != null) {
                isRight &= Math.abs(score - product) < CLOSE;
            } else if (!other.getKey().equals(asked)) {
                isRight &= product <= lowest + CLOSE;
            }
        }
        return isRight;
    }

    /**
     * The last vector of each item; none may be of an older step than one before it.
     *
     * @param freshness takes the time from the sending of a click to the vector that is the first to show it, of all that say when they
     *     were sent
     */
    private static Map<String, float[]> vectors(
            MillraceSettings settings, List<Long> freshness, List<String> failures) {
        Map<String, float[]> vectors = new TreeMap<>();
        Map<String, Long> steps = new HashMap<>();
        try (TopicReader reader =
                settings.cluster().withPatience(Experiment.PATIENCE).reader()) {
            reader.readAll(settings.topics().names().itemEmbeddings(), record -> {
                ItemEmbedding embedding = settings.cluster()
                        .wire()
                        .decode(Topic.ITEM_EMBEDDINGS, record)
                        .orElseThrow();
                if (embedding.isMark()) {
                    return;
                }
                if (embedding.producedAt() > 0) {
                    freshness.add(record.timestamp() - embedding.producedAt());
                }
                if (embedding.vector().isPresent()
                        && steps.merge(embedding.item(), embedding.step(), Math::max) > embedding.step()) {
                    failures.add("a vector of item " + embedding.item() + " of step " + embedding.step()
                            + " comes after one of step " + steps.get(embedding.item()) + ": " + record.place());
                }
                embedding
                        .vector()
                        .ifPresentOrElse(
                                vector -> vectors.put(embedding.item(), vector),
                                () -> vectors.remove(embedding.item()));
            });
        }
        return vectors;
    }

    private static float product(float[] left, float[] right) {
        float sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += left[at] * right[at];
        }
        return sum;
    }
}
