package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.negative.NegativeDraws;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the learner's topology publishes, and when it withholds. */
class LearnPublicationTest {

    private static final Duration LONG_ENOUGH_TO_BE_IDLE = Duration.ofSeconds(5);

    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();

    private final Path state;

    LearnPublicationTest(@TempDir Path state) {
        this.state = state;
    }

    @Test
    void aClicksCommitHasItsItemsNewPopularity() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            driver.sendBatch(0, false);
            double before = LearnerDriver.popularity(driver.embeddings(), "i1");

            driver.send(LearnerDriver.example(LearnerDriver.BATCH));
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);

            // sixteen clicks went round i0, i1, i2, so i1 had five; the seventeenth is i1's sixth, within some
            // milliseconds
            List<ItemEmbedding> after = driver.embeddings();
            assertThat(before).isCloseTo(Math.log(1 + 5 / 5.0), within(1e-3));
            assertThat(LearnerDriver.popularity(after, "i1")).isCloseTo(Math.log(1 + 6 / 5.0), within(1e-3));
            assertThat(after)
                    .filteredOn(embedding -> embedding.item().equals("i1"))
                    .allMatch(embedding -> embedding.step() == 2 && embedding.producedAt() == T0 + LearnerDriver.BATCH);
            assertThat(driver.lastProgress().training().orElseThrow().step()).isEqualTo(2);
        }
    }

    /** Users clicked i0 or i1 before, and then one of three items. */
    @Test
    void whatIsClickedBesideAnItemGoesOutWithTheCommit() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            driver.sendBatch(0, false);
            Map<String, Optional<NeighbourList>> before = neighbours(driver);
            driver.send(LearnerDriver.example(2)); // i2 after i0
            driver.send(new CatalogueChange.Removal("i1", T0 + LearnerDriver.BATCH));
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);
            Map<String, Optional<NeighbourList>> after = neighbours(driver);

            assertThat(before).containsOnlyKeys("i0", "i1", "i2");
            Map<String, Float> first = weights(before, "i0");
            Map<String, Float> second = weights(after, "i0");
            assertThat(first).containsOnlyKeys("i1", "i2");
            assertThat(after).containsEntry("i1", Optional.empty());
            assertThat(second).containsOnlyKeys("i2");
            assertThat(second.getOrDefault("i2", 0f)).isCloseTo(first.getOrDefault("i2", 0f) + 1, within(1e-4f));
        }
    }

    /** The lists that came since the last call, by item. */
    private Map<String, Optional<NeighbourList>> neighbours(LearnerDriver driver) {
        Map<String, Optional<NeighbourList>> lists = new TreeMap<>();
        driver.read(topics.itemNeighbours()).forEach(record -> {
            Topic.ItemNeighbours decoded = wire.decode(Topic.ITEM_NEIGHBOURS, LearnerDriver.plain(record))
                    .orElseThrow();
            assertThat(decoded.generation()).isEqualTo(LearnerDriver.generation());
            lists.put(decoded.item(), decoded.list());
        });
        return lists;
    }

    private static Map<String, Float> weights(Map<String, Optional<NeighbourList>> lists, String item) {
        Map<String, Float> weights = new TreeMap<>();
        lists.getOrDefault(item, Optional.empty()).orElseThrow().forEach(weights::put);
        return weights;
    }

    @Test
    void vectorStoresGetTheSameAsJson() throws Exception {
        TopicNames withStore = TopicNames.read(new SettingsReader(
                Map.of("topic.vector-store.name", "item-vectors", "topic.vector-store.collection", "films")));
        Topology topology =
                MillraceTopology.learn(withStore, Streams.trainer(), LearnerDriver.MAX_WAIT, wire, Streams.terms());
        try (LearnerDriver driver = new LearnerDriver(topology, state)) {
            driver.sendBatch(0, false);
            driver.send(new CatalogueChange.Removal("i1", T0 + LearnerDriver.BATCH));
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);

            List<TestRecord<byte[], byte[]>> json = driver.read("item-vectors");
            List<TestRecord<byte[], byte[]>> avro = driver.items();

            assertThat(LearnerDriver.keys(json)).contains("i0", "i1", "i2");
            assertThat(avro).hasSameSizeAs(json);
            for (int at = 0; at < json.size(); at++) {
                ItemEmbedding embedding = driver.embedding(avro.get(at));
                assertThat(Utf8.text(json.get(at).key())).isEqualTo(embedding.item());
                assertThat(json.get(at).value() == null)
                        .isEqualTo(embedding.vector().isEmpty());
                if (embedding.vector().isPresent()) {
                    JsonNode value = new ObjectMapper().readTree(json.get(at).value());
                    assertThat(value.path("collection_name").asText()).isEqualTo("films");
                    assertThat(value.path("step").asLong()).isEqualTo(embedding.step());
                    float[] vector = embedding.vector().get();
                    assertThat(value.path("vector")).hasSize(vector.length);
                    assertThat(value.path("vector").get(3).floatValue()).isEqualTo(vector[3]);
                }
            }
            assertThat(json).filteredOn(record -> record.value() == null).hasSize(1);
        }
    }

    @Test
    void aLargeCatalogueGoesOutInSeveralCommits() {
        int items = 40_000;
        List<CatalogueChange> changes = IntStream.range(0, items)
                .<CatalogueChange>mapToObj(item -> new CatalogueChange.Upsert(Streams.item("i" + item)))
                .toList();
        MiniBatch batch = new MiniBatch(
                1,
                1,
                changes,
                List.of(),
                new float[0],
                List.of(),
                new float[0],
                items,
                List.of(),
                NegativeDraws.UNIFORM,
                List.of(),
                List.of());
        String mark = LearnerDriver.generation() + "\0";
        try (LearnerDriver driver = LearnerDriver.fromLog(true, Streams.terms(), state)) {
            driver.send(
                    topics.miniBatches(),
                    wire.encode(Topic.MINI_BATCHES, topics.miniBatches(), batch).orElseThrow());
            List<List<String>> parts = new ArrayList<>();
            for (int round = 0; round < 6; round++) {
                driver.advanceWallClockTime(
                        round < 2 ? LONG_ENOUGH_TO_BE_IDLE : Duration.ofMillis(1)); // seen idle twice
                parts.add(LearnerDriver.keys(driver.read(topics.itemEmbeddings())));
            }
            parts.removeIf(List::isEmpty);

            assertThat(parts).hasSize(3);
            assertThat(parts.subList(0, 2)).allSatisfy(part -> assertThat(part).doesNotContain(mark));
            assertThat(parts.get(2)).endsWith(mark);
            assertThat(parts.stream().mapToInt(List::size).sum()).isEqualTo(items + 1);
        }
    }

    @Test
    void aGenerationIsCompleteBehindItsVectors() {
        GenerationTerms unpromoted =
                new GenerationTerms("app-2", Streams.terms().settings(), false, Duration.ofSeconds(30), () -> 0);
        for (GenerationTerms terms : List.of(Streams.terms(), unpromoted)) {
            try (LearnerDriver driver =
                    LearnerDriver.learning(Streams.trainer(), terms, state.resolve(terms.application()))) {
                driver.sendBatch(0, false);
                driver.sendBatch(1, false);

                List<TestRecord<byte[], byte[]>> embeddings = driver.read(topics.itemEmbeddings());
                assertThat(LearnerDriver.keys(embeddings).subList(0, 4))
                        .containsExactly(
                                LearnerDriver.generation() + "\0i0",
                                LearnerDriver.generation() + "\0i1",
                                LearnerDriver.generation() + "\0i2",
                                LearnerDriver.generation() + "\0");
                assertThat(LearnerDriver.keys(embeddings).subList(4, embeddings.size()))
                        .doesNotContain(LearnerDriver.generation() + "\0");
                List<GenerationFact> facts = driver.read(topics.generations()).stream()
                        .flatMap(record -> wire.decode(Topic.GENERATIONS, LearnerDriver.plain(record)).stream())
                        .toList();
                assertThat(facts)
                        .extracting(GenerationFact::kind)
                        .containsExactlyElementsOf(
                                !terms.isPromotedWhenComplete()
                                        ? List.of(Kind.STARTED, Kind.COMPLETE)
                                        : List.of(Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED));
                assertThat(facts).allSatisfy(fact -> {
                    assertThat(fact.generation()).isEqualTo(LearnerDriver.generation());
                    assertThat(fact.by()).isEqualTo(terms.application());
                });
                assertThat(facts.get(0).settings()).isEqualTo(terms.settings()).containsEntry("tower.dim", "8");
                assertThat(facts.get(1).items()).isEqualTo(3);
            }
        }
    }

    @Test
    void learnerFromTheLogPublishesTheSameVectors() {
        List<byte[]> log;
        Map<String, float[]> live;
        try (LearnerDriver driver = LearnerDriver.learning(state.resolve("live"))) {
            for (int at = 0; at < 4 * LearnerDriver.BATCH; at++) {
                driver.send(LearnerDriver.example(at));
            }
            log = driver.log();
            live = driver.lastVectors();
        }
        assertThat(log).hasSize(4);

        try (LearnerDriver driver = LearnerDriver.fromLog(true, Streams.terms(), state.resolve("log"))) {
            log.forEach(batch -> driver.send(topics.miniBatches(), batch));

            assertThat(driver.items()).isEmpty(); // the batches are old: it is catching up
            assertThat(driver.lastProgress().training().orElseThrow().withheld())
                    .contains("the learner is catching up with the log");
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE);
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE); // seen idle twice
            Map<String, float[]> replayed = driver.lastVectors();
            assertThat(replayed).containsOnlyKeys(live.keySet());
            replayed.forEach((item, vector) -> assertThat(vector).isEqualTo(live.get(item)));
            TrainingProgress progress = driver.lastProgress().training().orElseThrow();
            assertThat(progress.step()).isEqualTo(4);
            assertThat(progress.withheld()).isEmpty();
        }
    }
}
