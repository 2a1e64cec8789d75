package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.ClusteredClicks;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.BatchRecords;
import dev.millrace.wire.EmbeddingRecords;
import dev.millrace.wire.GenerationRecords;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ProgressRecords;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearnTopologyTest {

    private static final Duration MAX_WAIT = Duration.ofMillis(500);
    private static final Duration LONG_ENOUGH_TO_BE_IDLE = Duration.ofSeconds(5);
    private static final int BATCH = 16; // batch.size of the tests' settings

    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();

    private final Path state;

    LearnTopologyTest(@TempDir Path state) {
        this.state = state;
    }

    @Test
    void fullBatchIsLoggedLearntAndPublished() {
        try (TopologyTestDriver driver = driver(learn(), "a")) {
            send(driver, new CatalogueChange.Upsert(Streams.item("i0")));
            for (int at = 0; at < BATCH; at++) {
                send(driver, example(at));
            }

            List<TestRecord<byte[], byte[]>> batches = read(driver, topics.miniBatches());
            assertThat(batches).hasSize(1);
            MiniBatch batch = new BatchRecords(wire).decode(batches.get(0).value());
            assertThat(batch.step()).isEqualTo(1);
            assertThat(batch.examples())
                    .extracting(TrainingExample::id)
                    .hasSize(BATCH)
                    .contains("c0", "c15");
            List<ItemEmbedding> embeddings = embeddings(driver);
            // i0 from the catalogue, and i1, i2 which examples were the first to name: examples go round three items
            assertThat(embeddings).extracting(ItemEmbedding::item).contains("i0", "i1", "i2");
            assertThat(embeddings).allMatch(embedding -> embedding.step() == 1);
            float[] vector = embeddings.get(0).vector().orElseThrow();
            double square = 0;
            for (float component : vector) {
                square += component * component;
            }
            assertThat(square).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-5));
            assertThat(read(driver, topics.modelUpdates())).isNotEmpty();
            PartProgress progress = lastProgress(driver);
            assertThat(progress.part()).isEqualTo("learn-0");
            assertThat(progress.training().orElseThrow().positives()).isEqualTo(BATCH);
            // 16 examples and one catalogue change
            assertThat(progress.books())
                    .containsEntry(
                            InputTopic.EXAMPLES.label(),
                            new Books.Account(17, 0, new TreeMap<>(Map.of("learnt", 16L, "catalogue-change", 1L))));
        }
    }

    @Test
    void clickSendsItsItemsRecordOutAgainWithItsNewPopularityInTheSameCommit() {
        try (TopologyTestDriver driver = driver(learn(), "a")) {
            sendBatch(driver, 0, false);
            double before = popularity(embeddings(driver), "i1");

            send(driver, example(BATCH));
            driver.advanceWallClockTime(MAX_WAIT);

            // sixteen clicks went round i0, i1, i2, so i1 had five; the seventeenth is i1's sixth, within some
            // milliseconds
            List<ItemEmbedding> after = embeddings(driver);
            assertThat(before).isCloseTo(Math.log(1 + 5 / 0.1), within(1e-3));
            assertThat(popularity(after, "i1")).isCloseTo(Math.log(1 + 6 / 0.1), within(1e-3));
            assertThat(after)
                    .filteredOn(embedding -> embedding.item().equals("i1"))
                    .allMatch(embedding -> embedding.step() == 2 && embedding.producedAt() == T0 + BATCH);
            assertThat(lastProgress(driver).training().orElseThrow().step()).isEqualTo(2);
        }
    }

    private static double popularity(List<ItemEmbedding> embeddings, String item) {
        return embeddings.stream()
                .filter(embedding -> embedding.item().equals(item))
                .mapToDouble(embedding -> embedding.popularity().number())
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    @Test
    void vectorStoresGetTheSameEmbeddingsAsJsonAndTheSameTombstones() throws Exception {
        TopicNames withStore = TopicNames.read(new SettingsReader(
                Map.of("topic.vector-store.name", "item-vectors", "topic.vector-store.collection", "films")));
        Topology topology = MillraceTopology.learn(withStore, Streams.trainer(), MAX_WAIT, wire, Streams.terms());
        try (TopologyTestDriver driver = driver(topology, "a")) {
            sendBatch(driver, 0, false);
            send(driver, new CatalogueChange.Removal("i1", T0 + BATCH));
            driver.advanceWallClockTime(MAX_WAIT);

            List<TestRecord<byte[], byte[]>> json = read(driver, "item-vectors");
            List<TestRecord<byte[], byte[]>> avro = items(driver);

            assertThat(keys(json)).contains("i0", "i1", "i2");
            assertThat(keys(avro))
                    .isEqualTo(keys(json).stream()
                            .map(item -> generation() + "\0" + item)
                            .toList());
            for (int at = 0; at < json.size(); at++) {
                if (avro.get(at).value() == null) {
                    assertThat(json.get(at).value()).isNull();
                    continue;
                }
                ItemEmbedding embedding = embedding(avro.get(at));
                JsonNode value = new ObjectMapper().readTree(json.get(at).value());
                assertThat(value.path("collection_name").asText()).isEqualTo("films");
                assertThat(value.path("item_id").asText()).isEqualTo(embedding.item());
                assertThat(value.path("step").asLong()).isEqualTo(embedding.step());
                float[] vector = embedding.vector().orElseThrow();
                assertThat(value.path("vector")).hasSize(vector.length);
                assertThat(value.path("vector").get(3).floatValue()).isEqualTo(vector[3]);
            }
            assertThat(json).filteredOn(record -> record.value() == null).hasSize(1);
        }
    }

    @Test
    void aGenerationStartsIsCompleteBehindItsVectorsAndThenIsToAnswer() {
        GenerationTerms unpromoted =
                new GenerationTerms("app-2", Streams.terms().settings(), false, Duration.ofSeconds(30), () -> 0);
        for (GenerationTerms terms : List.of(Streams.terms(), unpromoted)) {
            try (TopologyTestDriver driver = driver(
                    MillraceTopology.learn(topics, Streams.trainer(), MAX_WAIT, wire, terms), terms.application())) {
                sendBatch(driver, 0, false);
                sendBatch(driver, 1, false);

                List<TestRecord<byte[], byte[]>> embeddings = read(driver, topics.itemEmbeddings());
                assertThat(keys(embeddings).subList(0, 4))
                        .containsExactly(
                                generation() + "\0i0",
                                generation() + "\0i1",
                                generation() + "\0i2",
                                generation() + "\0");
                assertThat(keys(embeddings).subList(4, embeddings.size())).doesNotContain(generation() + "\0");
                List<GenerationFact> facts = read(driver, topics.generations()).stream()
                        .flatMap(record -> new GenerationRecords(wire).decode(plain(record)).stream())
                        .toList();
                assertThat(facts)
                        .extracting(GenerationFact::kind)
                        .containsExactlyElementsOf(
                                !terms.isPromotedWhenComplete()
                                        ? List.of(Kind.STARTED, Kind.COMPLETE)
                                        : List.of(Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED));
                assertThat(facts).allSatisfy(fact -> {
                    assertThat(fact.generation()).isEqualTo(generation());
                    assertThat(fact.by()).isEqualTo(terms.application());
                });
                assertThat(facts.get(0).settings()).isEqualTo(terms.settings()).containsEntry("tower.dim", "8");
                assertThat(facts.get(1).items()).isEqualTo(3);
            }
        }
    }

    @Test
    void aLearnerFromTheLogThatIsFarFromItsEndIsNotTakenForCaughtUpByASilence() {
        GenerationTerms far =
                new GenerationTerms("far", Streams.terms().settings(), true, Duration.ofSeconds(30), () -> 1_000);
        List<byte[]> log = new ArrayList<>();
        try (TopologyTestDriver driver = driver(learn(), "live")) {
            sendBatch(driver, 0, false);
            read(driver, topics.miniBatches()).forEach(record -> log.add(record.value()));
        }
        try (TopologyTestDriver driver =
                driver(MillraceTopology.learnFromLog(topics, Streams.trainer(), true, wire, far), "log")) {
            log.forEach(batch -> send(driver, topics.miniBatches(), batch));
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE);
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE);

            assertThat(read(driver, topics.itemEmbeddings())).isEmpty();
            assertThat(lastProgress(driver).training().orElseThrow().withheld()).isPresent();
        }
    }

    @Test
    void openBatchIsClosedWhenItHasWaitedLongEnough() {
        try (TopologyTestDriver driver = driver(learn(), "a")) {
            send(driver, example(0));
            assertThat(read(driver, topics.miniBatches())).isEmpty();

            driver.advanceWallClockTime(MAX_WAIT);

            assertThat(read(driver, topics.miniBatches())).hasSize(1);
            driver.advanceWallClockTime(MAX_WAIT);
            assertThat(read(driver, topics.miniBatches())).isEmpty(); // nothing waits any more
        }
    }

    @Test
    void openBatchWaitsFromItsFirstExampleOn() {
        try (TopologyTestDriver driver = driver(learn(), "a")) {
            driver.advanceWallClockTime(MAX_WAIT.minusMillis(1)); // nothing is open yet
            sendBatch(driver, 0, false);
            driver.advanceWallClockTime(MAX_WAIT.minusMillis(1)); // and the one that was is full
            send(driver, example(BATCH));
            read(driver, topics.miniBatches());

            driver.advanceWallClockTime(MAX_WAIT.minusMillis(1));
            assertThat(read(driver, topics.miniBatches())).isEmpty();

            driver.advanceWallClockTime(Duration.ofMillis(1));
            assertThat(read(driver, topics.miniBatches())).hasSize(1);
        }
    }

    @Test
    void learnerFromTheLogPublishesTheSameVectors() {
        List<byte[]> log = new ArrayList<>();
        Map<String, float[]> live;
        try (TopologyTestDriver driver = driver(learn(), "live")) {
            for (int at = 0; at < 4 * BATCH; at++) {
                send(driver, example(at));
            }
            read(driver, topics.miniBatches()).forEach(record -> log.add(record.value()));
            live = lastVectors(driver);
        }
        assertThat(log).hasSize(4);

        try (TopologyTestDriver driver =
                driver(MillraceTopology.learnFromLog(topics, Streams.trainer(), true, wire, Streams.terms()), "log")) {
            log.forEach(batch -> send(driver, topics.miniBatches(), batch));

            assertThat(items(driver)).isEmpty(); // the batches are old: it is catching up
            assertThat(lastProgress(driver).training().orElseThrow().withheld())
                    .contains("the learner is catching up with the log");
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE);
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE); // seen idle twice
            Map<String, float[]> replayed = lastVectors(driver);
            assertThat(replayed).containsOnlyKeys(live.keySet());
            replayed.forEach((item, vector) -> assertThat(vector).isEqualTo(live.get(item)));
            TrainingProgress progress = lastProgress(driver).training().orElseThrow();
            assertThat(progress.step()).isEqualTo(4);
            assertThat(progress.withheld()).isEmpty();
        }
    }

    @Test
    void refusedStepGoesToTheDeadLettersWithItsPlaceInTheLog() {
        try (TopologyTestDriver driver = driver(learn(), "a")) {
            for (int at = 0; at < BATCH; at++) {
                send(driver, at == 3 ? poison(at) : example(at));
            }
            send(driver, poison(BATCH));
            driver.advanceWallClockTime(MAX_WAIT);

            List<TestRecord<byte[], byte[]>> letters = read(driver, topics.deadLetters());
            assertThat(letters).hasSize(2);
            assertThat(letters.get(0).key()).isEqualTo("1".getBytes(StandardCharsets.UTF_8));
            assertThat(letters.get(0).value()).isNull();
            assertThat(headers(letters.get(0)))
                    .containsEntry("millrace.reject.reason", "refused-step")
                    .containsEntry("millrace.step", "1")
                    .containsEntry("millrace.log.topic", "mini-batches")
                    // the record that made the batch full
                    .containsEntry("__streams.errors.topic", "training-examples")
                    .containsEntry("__streams.errors.partition", "0")
                    .containsEntry("__streams.errors.offset", "" + (BATCH - 1))
                    .hasEntrySatisfying("__streams.errors.message", message -> assertThat(message)
                            .contains("step 1 is not finite"));
            // no record closed the second
            assertThat(headers(letters.get(1)))
                    .containsEntry("millrace.step", "2")
                    .doesNotContainKey("__streams.errors.offset");
        }
    }

    @Test
    void shadowSendsNoDeadLettersAndALearnerFromTheLogNamesTheBatchsRecord() {
        List<byte[]> log = new ArrayList<>();
        try (TopologyTestDriver driver = driver(learn(), "live")) {
            for (int at = 0; at < 2 * BATCH; at++) {
                send(driver, at == BATCH ? poison(at) : example(at));
            }
            read(driver, topics.miniBatches()).forEach(record -> log.add(record.value()));
        }

        for (boolean isPublishing : List.of(true, false)) {
            try (TopologyTestDriver driver = driver(
                    MillraceTopology.learnFromLog(topics, Streams.trainer(), isPublishing, wire, Streams.terms()),
                    "log" + isPublishing)) {
                log.forEach(batch -> send(driver, topics.miniBatches(), batch));

                List<TestRecord<byte[], byte[]>> letters = read(driver, topics.deadLetters());
                assertThat(letters).hasSize(isPublishing ? 1 : 0);
                letters.forEach(letter -> assertThat(headers(letter))
                        .containsEntry("__streams.errors.topic", "mini-batches")
                        .containsEntry("__streams.errors.offset", "1"));
                assertThat(lastProgress(driver).training().orElseThrow().refusedSteps())
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void whileStepsAreRefusedNothingIsPublishedAndAfterwardsEverything() {
        // a number's statistics: refused, they are put back, and so are written as if they had changed
        TrainerSettings withNumber = TrainerSettings.read(
                Streams.reader("features.user", "user,history,age", "features.user.age.kind", "numeric"));
        try (TopologyTestDriver driver =
                driver(MillraceTopology.learn(topics, withNumber, MAX_WAIT, wire, Streams.terms()), "a")) {
            sendBatch(driver, 0, false);
            int items = lastVectors(driver).size();
            int queryEntries = read(driver, topics.modelUpdates()).stream()
                    .map(record -> new String(record.key(), StandardCharsets.ISO_8859_1))
                    .collect(Collectors.toSet())
                    .size();
            sendBatch(driver, 1, true);
            sendBatch(driver, 2, true);
            embeddings(driver);
            read(driver, topics.modelUpdates());

            sendBatch(driver, 3, true); // the third in a row
            sendBatch(driver, 4, true);

            assertThat(embeddings(driver)).isEmpty();
            assertThat(read(driver, topics.modelUpdates())).isEmpty();
            assertThat(lastProgress(driver).training().orElseThrow().withheld())
                    .contains("4 steps in a row were refused");

            sendBatch(driver, 5, false);

            assertThat(lastVectors(driver)).hasSize(items);
            assertThat(read(driver, topics.modelUpdates())).hasSize(queryEntries);
            assertThat(lastProgress(driver).training().orElseThrow().withheld()).isEmpty();
        }
    }

    @Test
    void whileGarbageIsLearntNothingButTombstonesGoesOutAndAfterwardsEverything() {
        TrainerSettings gated = TrainerSettings.read(Streams.reader(
                "features.user", "history", "publish.gate.window", "320", "publish.gate.recall-at", "10"));
        ClusteredClicks clicks = new ClusteredClicks(5, 10, 20, T0);
        try (TopologyTestDriver driver =
                driver(MillraceTopology.learn(topics, gated, MAX_WAIT, wire, Streams.terms()), "a")) {
            clicks.items().forEach(item -> send(driver, new CatalogueChange.Upsert(Streams.item(item))));
            for (int at = 0; at < 300 * BATCH; at++) {
                send(driver, clicks.good());
            }
            assertThat(withheld(driver)).isEmpty();
            sendUntil(driver, true, 100, () -> clicks.garbage());
            assertThat(withheld(driver))
                    .hasValueSatisfying(why -> assertThat(why).startsWith("Recall@10"));
            read(driver, topics.itemEmbeddings());
            read(driver, topics.modelUpdates());

            send(driver, new CatalogueChange.Removal("i7", T0));
            for (int at = 0; at < 5 * BATCH; at++) {
                send(driver, clicks.garbage());
            }

            assertThat(withheld(driver)).isPresent();
            assertThat(read(driver, topics.itemEmbeddings()))
                    .singleElement()
                    .satisfies(record -> assertThat(record.key())
                            .isEqualTo(EmbeddingRecords.key(gated.model().generationName(), "i7")))
                    .satisfies(record -> assertThat(record.value()).isNull());
            assertThat(read(driver, topics.modelUpdates()))
                    .allSatisfy(record -> assertThat(record.value()).isNull());

            sendUntil(driver, false, 400, () -> clicks.good());

            assertThat(withheld(driver)).isEmpty();
            assertThat(lastVectors(driver)).hasSize(200 - 1); // all but i7
        }
    }

    /** Sends batches until publication is withheld, or no longer. */
    private void sendUntil(
            TopologyTestDriver driver, boolean isWithheld, int mostBatches, Supplier<TrainingExample> records) {
        for (int batch = 0; batch < mostBatches; batch++) {
            for (int at = 0; at < BATCH; at++) {
                send(driver, records.get());
            }
            if (withheld(driver).isPresent() == isWithheld) {
                return;
            }
        }
    }

    private Optional<String> withheld(TopologyTestDriver driver) {
        send(driver, new CatalogueChange.Upsert(Streams.item("i0")));
        return lastProgress(driver).training().orElseThrow().withheld();
    }

    @Test
    void removedUsersRowsGetTombstones() {
        try (TopologyTestDriver driver = driver(learn(), "a")) {
            sendBatch(driver, 0, false);
            assertThat(keys(read(driver, topics.modelUpdates()))).anyMatch(key -> key.endsWith("mruser\0u1"));

            send(
                    driver,
                    topics.trainingExamples(),
                    new TrainingRecords(wire).encodeUserRemoval(topics.trainingExamples(), "u1"));
            driver.advanceWallClockTime(MAX_WAIT);

            List<TestRecord<byte[], byte[]>> updates = read(driver, topics.modelUpdates());
            assertThat(updates).hasSize(1);
            assertThat(keys(updates).get(0)).endsWith("mruser\0u1");
            assertThat(updates.get(0).value()).isNull();
            assertThat(lastProgress(driver).books().get(InputTopic.EXAMPLES.label()))
                    .isEqualTo(new Books.Account(
                            BATCH + 1, 0, new TreeMap<>(Map.of("learnt", (long) BATCH, "user-removal", 1L))));
        }
    }

    @Test
    void gapInTheLogStopsTheLearner() {
        MiniBatch second = new MiniBatch(2, 1, List.of(), List.of(), new float[0], List.of(), new float[0], 0);
        try (TopologyTestDriver driver =
                driver(MillraceTopology.learnFromLog(topics, Streams.trainer(), true, wire, Streams.terms()), "log")) {
            assertThatThrownBy(() ->
                            send(driver, topics.miniBatches(), new BatchRecords(wire).encode("mini-batches", second)))
                    .hasStackTraceContaining("mini-batch of step 2 follows step 0");
        }
    }

    @Test
    void unreadableInternalRecordStopsTheLearner() {
        try (TopologyTestDriver driver = driver(learn(), "a")) {
            assertThatThrownBy(() -> send(driver, topics.trainingExamples(), new byte[] {1, 2, 3}))
                    .hasStackTraceContaining("record at offset 0 of training-examples-0 cannot be read");
        }
    }

    private Topology learn() {
        return MillraceTopology.learn(topics, Streams.trainer(), MAX_WAIT, wire, Streams.terms());
    }

    private TopologyTestDriver driver(Topology topology, String directory) {
        return new TopologyTestDriver(topology, Streams.driver(state.resolve(directory)));
    }

    private static TrainingExample example(int number) {
        UserFeatures user = new UserFeatures("u" + number % 7, T0 + number, Features.NONE, List.of("i" + number % 2));
        return new TrainingExample(
                "c" + number, user, Features.NONE, "i" + number % 3, "click", 1, T0 + number, T0 + number);
    }

    /** A full batch of the same users and items each time. */
    private void sendBatch(TopologyTestDriver driver, int number, boolean isPoisoned) {
        for (int at = 0; at < BATCH; at++) {
            boolean isPoison = isPoisoned && at == 0;
            TrainingExample example = isPoison ? poison(at) : example(at);
            Features age = Features.of(Map.of("age", new FeatureValue.Quantity(30 + at)));
            send(
                    driver,
                    new TrainingExample(
                            example.id() + "-" + number,
                            new UserFeatures(
                                    example.user().user(),
                                    example.user().time(),
                                    age,
                                    example.user().history()),
                            example.context(),
                            example.item(),
                            example.action(),
                            example.weight(),
                            example.time(),
                            0));
        }
    }

    /** An example whose gradient's square is beyond the floats. */
    private static TrainingExample poison(int number) {
        TrainingExample example = example(number);
        return new TrainingExample(
                example.id(), example.user(), Features.NONE, example.item(), "click", 1e38, example.time(), 0);
    }

    private static List<String> keys(List<TestRecord<byte[], byte[]>> records) {
        return records.stream()
                .map(record -> new String(record.key(), StandardCharsets.UTF_8))
                .toList();
    }

    private static Map<String, String> headers(TestRecord<byte[], byte[]> record) {
        Map<String, String> headers = new TreeMap<>();
        record.headers()
                .forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        return headers;
    }

    private void send(TopologyTestDriver driver, TrainingExample example) {
        String topic = topics.trainingExamples();
        send(driver, topic, new TrainingRecords(wire).encode(topic, example));
    }

    private void send(TopologyTestDriver driver, CatalogueChange change) {
        String topic = topics.trainingExamples();
        send(driver, topic, new TrainingRecords(wire).encode(topic, change));
    }

    private static void send(TopologyTestDriver driver, String topic, byte[] value) {
        driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput("key".getBytes(StandardCharsets.UTF_8), value, T0);
    }

    private static List<TestRecord<byte[], byte[]>> read(TopologyTestDriver driver, String topic) {
        return driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
    }

    private List<ItemEmbedding> embeddings(TopologyTestDriver driver) {
        return items(driver).stream().map(this::embedding).toList();
    }

    /** What is on the topic of embeddings but for marks. */
    private List<TestRecord<byte[], byte[]>> items(TopologyTestDriver driver) {
        return read(driver, topics.itemEmbeddings()).stream()
                .filter(record -> record.key()[record.key().length - 1] != 0)
                .toList();
    }

    private static String generation() {
        return Streams.trainer().model().generationName();
    }

    private Map<String, float[]> lastVectors(TopologyTestDriver driver) {
        Map<String, float[]> vectors = new TreeMap<>();
        embeddings(driver)
                .forEach(embedding -> vectors.put(
                        embedding.item(),
                        Optional.of(embedding).flatMap(ItemEmbedding::vector).orElseThrow()));
        return vectors;
    }

    private PartProgress lastProgress(TopologyTestDriver driver) {
        List<TestRecord<byte[], byte[]>> records = read(driver, topics.trainingProgress());
        return new ProgressRecords(wire)
                .decode(plain(records.get(records.size() - 1)))
                .orElseThrow();
    }

    private ItemEmbedding embedding(TestRecord<byte[], byte[]> record) {
        return new EmbeddingRecords(wire).decode(plain(record));
    }

    private static TopicRecord plain(TestRecord<byte[], byte[]> record) {
        return new TopicRecord("", record.key(), Optional.ofNullable(record.value()), 0, 0, 0, Map.of());
    }
}
