package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.Commands;
import dev.millrace.evaluate.Evaluation;
import dev.millrace.evaluate.Prequential;
import dev.millrace.evaluate.PrequentialSettings;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.state.CounterRandom;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.workshop.evaluate.EvaluationData;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Offline is the stream: what {@code evaluate} ranks, the stream's exams have ranked. */
class StreamRanksIT {

    private static final long T0 = TestCluster.T0;
    private static final int CLICKS = 1200;
    private static final int USERS = 200;
    private static final int ITEMS = 1000;
    private static final int HIT = 125; // every so many items one has a share of half of the clicks
    private static final int GONE = 0; // user and item that go after half of the clicks

    private static final PrequentialSettings ALL_SCORED = new PrequentialSettings(1, 0, 1);

    /** The places of a click's item. */
    private record Rank(List<Double> byModel, double byPopularity) {}

    @Test
    void evaluateGivesTheStreamsRanks(@TempDir Path directory) throws IOException {
        Map<String, String> more = Map.of("batch.size", "16", "batch.negatives", "8", "batch.max-wait", "20ms");
        Map<String, Rank> stream = new ConcurrentHashMap<>();
        try (TestCluster cluster = new TestCluster(directory, more)) {
            MillraceSettings settings = cluster.settings();
            train(cluster, settings, into(stream));
            Map<String, Rank> logged = new ConcurrentHashMap<>();

            evaluate(settings, log(cluster, settings), Prequential.Mode.LOGGED, into(logged));

            assertThat(stream).hasSizeGreaterThan(CLICKS / 2);
            assertThat(shareOfEqual(stream, logged)).isEqualTo(1);
            RankingTotals totals = totals(stream);
            JsonNode row = rowOfTheCommand(cluster);
            assertThat(row.path("scored").asLong()).isEqualTo(totals.scored());
            assertThat(row.at("/R@10/mean").asDouble()).isEqualTo(totals.recallAt(10));
        }
    }

    /** Two partitions. A second trainer takes one over while events come; then the first one stops. */
    @Test
    void rawTopicsGiveTheStreamsRanks(@TempDir Path directory) throws IOException {
        Map<String, String> fullBatches = Map.of(
                "batch.size", "16", "batch.negatives", "8", "batch.max-wait", "1h", "stream.standby-replicas", "0");
        Map<String, Rank> stream = new ConcurrentHashMap<>();
        try (TestCluster cluster = new TestCluster(directory, fullBatches)) {
            MillraceSettings settings = cluster.settings();
            MillraceSettings others = TestCluster.load(cluster.given(
                    "stream.state-directory", directory.resolve("others").toString()));
            assertThat(settings.topics().partitions()).isEqualTo(2);
            try (StreamRunner first = runner(settings, into(stream));
                    StreamRunner second = runner(others, into(stream));
                    EventProducer producer = cluster.producer();
                    ProgressWatch progress = cluster.progress()) {
                first.start();
                items().forEach(producer::send);
                send(producer, 0, CLICKS / 3);
                awaitLearnt(progress, CLICKS / 3);
                second.start();
                send(producer, CLICKS / 3, CLICKS / 2);
                awaitLearnt(progress, CLICKS / 2);
                producer.removeItem("i" + GONE, time(CLICKS / 2));
                producer.removeUser("u" + GONE, time(CLICKS / 2));
                send(producer, CLICKS / 2, 2 * CLICKS / 3);
                first.close();
                send(producer, 2 * CLICKS / 3, CLICKS);
                awaitLearnt(progress, CLICKS);
                assertThat(second.failure()).isEmpty();
            }
            Map<String, Rank> raw = new ConcurrentHashMap<>();

            RecordedExamples replayed =
                    EvaluationData.ofTopics(Progress.NONE, () -> false).examples(settings);
            evaluate(settings, replayed, Prequential.Mode.ONLINE, into(raw));

            assertThat(stream).hasSizeGreaterThan(CLICKS / 2);
            // the last batch is full in the stream only if as many examples are left
            assertThat(shareOfEqual(stream, both(raw, stream))).isEqualTo(1);
        }
    }

    /** But for what is in the open batch. */
    private static void awaitLearnt(ProgressWatch progress, int clicks) {
        await().atMost(TestCluster.PATIENCE).until(() -> TestCluster.learnt(progress) > clicks - 2 * 16);
    }

    private static JsonNode rowOfTheCommand(TestCluster cluster) throws IOException {
        Commands commands = new Commands();
        assertThat(commands.run(cluster.given(), "evaluate", "--mini-batches", "--warm-up", "0", "--output", "json"))
                .as(commands.err())
                .isZero();
        return new ObjectMapper().readTree(commands.out()).at("/rows/0");
    }

    private static void evaluate(
            MillraceSettings settings, RecordedExamples recorded, Prequential.Mode mode, ExamWitness witness) {
        new Prequential(new Evaluation(
                        ALL_SCORED, recorded, settings.trainer(), StepTimes.UNTIMED, Progress.NONE, () -> false))
                .run(mode, false, witness);
    }

    private static ExamWitness into(Map<String, Rank> ranks) {
        return (example, byModel, byPopularity) -> ranks.put(example.id(), new Rank(byModel, byPopularity));
    }

    /** Of the clicks that either has ranked. */
    private static double shareOfEqual(Map<String, Rank> some, Map<String, Rank> others) {
        long equal = some.entrySet().stream()
                .filter(each -> each.getValue().equals(others.get(each.getKey())))
                .count();
        return (double) equal
                / (some.size() + others.size() - both(some, others).size());
    }

    /** Returns some ranks, of the clicks that others rank, too. */
    private static Map<String, Rank> both(Map<String, Rank> some, Map<String, Rank> others) {
        Map<String, Rank> both = new HashMap<>(some);
        both.keySet().retainAll(others.keySet());
        return both;
    }

    private static RankingTotals totals(Map<String, Rank> ranks) {
        return ranks.values().stream()
                .reduce(
                        RankingTotals.NONE,
                        (sum, rank) -> sum.plus(rank.byModel().get(0)),
                        (one, other) -> one);
    }

    private static RecordedExamples log(TestCluster cluster, MillraceSettings settings) {
        RecordedExamples recorded = new RecordedExamples(settings.attribution());
        AvroWire wire = new AvroWire(settings.wire());
        cluster.records(settings.topics().names().miniBatches())
                .forEach(record ->
                        recorded.batch(wire.decode(Topic.MINI_BATCHES, record).orElseThrow()));
        return recorded;
    }

    private static void train(TestCluster cluster, MillraceSettings settings, ExamWitness witness) {
        try (StreamRunner runner = runner(settings, witness);
                EventProducer producer = cluster.producer();
                ProgressWatch progress = cluster.progress()) {
            runner.start();
            items().forEach(producer::send);
            producer.flush();
            send(producer, 0, CLICKS / 2);
            await().atMost(TestCluster.PATIENCE).until(() -> TestCluster.learnt(progress) == CLICKS / 2);
            producer.removeItem("i" + GONE, time(CLICKS / 2));
            producer.removeUser("u" + GONE, time(CLICKS / 2));
            producer.flush();
            send(producer, CLICKS / 2, CLICKS);
            await().atMost(TestCluster.PATIENCE)
                    .until(() -> TestCluster.learnt(progress) == CLICKS && items(progress) == ITEMS - 1);
            assertThat(runner.failure()).isEmpty();
        }
    }

    private static long items(ProgressWatch progress) {
        return progress.training().map(TrainingProgress::items).orElse(0);
    }

    /** The trainer's applications, whose learner tells a witness what it ranks. */
    private static StreamRunner runner(MillraceSettings settings, ExamWitness witness) {
        TopicNames topics = settings.topics().names();
        AvroWire wire = new AvroWire(settings.wire());
        return new StreamRunner(
                settings.stream(),
                settings.clients(),
                Map.of(
                        Part.ATTRIBUTE,
                        MillraceTopology.attribute(
                                topics,
                                settings.attribution(),
                                settings.attributionKept(),
                                wire,
                                topic -> settings.topics().partitions(),
                                ExperimentReference.Lookup.NONE),
                        Part.LEARN,
                        MillraceTopology.learn(
                                topics,
                                wire,
                                new MillraceTopology.Learner(
                                        stored -> new Trainer(settings.trainer(), stored, StepTimes.UNTIMED, witness),
                                        settings.stream().maxWait(),
                                        new GenerationTerms(
                                                "test",
                                                settings.trainerTexts(),
                                                true,
                                                Duration.ofSeconds(30),
                                                () -> 0)))));
    }

    /** Every third is announced ahead of its time, which comes while there are clicks. */
    private static List<CatalogueItem> items() {
        return IntStream.range(0, ITEMS)
                .mapToObj(item -> new CatalogueItem("i" + item, time(first(item)), Features.NONE))
                .toList();
    }

    /** The number of the click from which on an item is there. */
    private static int first(int item) {
        return item % 3 == 2 ? item * CLICKS / (2 * ITEMS) : 0;
    }

    private static void send(EventProducer producer, int first, int end) {
        for (int number = first; number < end; number++) {
            producer.send(exposure(number));
            producer.send(click(number));
        }
        producer.flush();
    }

    private static Exposure exposure(int number) {
        return new Exposure("e" + number, user(number), item(number), time(number), time(number), Features.NONE);
    }

    private static Click click(int number) {
        long time = time(number) + 5;
        Optional<String> exposure = Optional.of("e" + number);
        return new Click("c" + number, user(number), item(number), exposure, "click", 1, time, time, Features.NONE);
    }

    private static String user(int number) {
        int user = CounterRandom.below(USERS, 3, number, 0);
        return "u" + (number >= CLICKS / 2 && user == GONE ? user + 1 : user);
    }

    /** Of those that are there, one of the hits as often as one of the others. */
    private static String item(int number) {
        boolean isHit = CounterRandom.below(2, 3, number, 1) == 0;
        List<Integer> there = IntStream.range(number < CLICKS / 2 ? 0 : GONE + 1, ITEMS)
                .filter(item -> first(item) <= number && isHit == (item % HIT == 0))
                .boxed()
                .toList();
        return "i" + there.get(CounterRandom.below(there.size(), 3, number, 2));
    }

    private static long time(int number) {
        return T0 + number * 1000L;
    }
}
