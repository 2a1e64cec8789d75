package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.ServeProcess;
import dev.millrace.app.TestCluster;
import dev.millrace.app.TrainProcess;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.bench.RecallClient;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.merge.Round;
import dev.millrace.operation.Progress;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.Trainer;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audits of a model that two learners share: they pass, and whatever was tampered with is named. */
@Tag("slow")
class ShardAuditIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int CLICKS = 400;
    private static final int ITEMS = 40;
    private static final int REMOVED = 7;

    private final Commands commands = new Commands();
    private final ObjectMapper json = new ObjectMapper();

    @Test
    void aModelOfShardsIsVerifiedAndExplainedAndTamperingIsNamed(@TempDir Path directory) throws Exception {
        Map<String, String> more = Map.of(
                "learn.shards", "2",
                "batch.size", "16",
                "batch.max-wait", "50ms",
                "publish.max-age.steps", "10",
                "serve.answers.sample", "1");
        try (TestCluster cluster = new TestCluster(directory, more)) {
            train(cluster);
            aCleanRunPasses(cluster.given());
            Path checkpoints = directory.resolve("checkpoints");
            anAuditGoesOnFromTheCheckpointOfAnother(cluster, checkpoints);
            whatIsNotKnownOfShardsIsRefused(cluster.given());
            anItemARoundAndAStepAreExplained(cluster);
            aCheckpointHasAllItemsAndUsers(cluster, directory.resolve("shared.checkpoint"));
            aTamperedVectorIsNamed(cluster);
            aTamperedBatchAndAMissingRoundAreNamed(cluster);
            aLogWithoutItsBeginningNeedsACheckpoint(cluster, checkpoints);
            aTamperedDigestIsNamed(cluster, checkpoints);
        }
    }

    private void train(TestCluster cluster) throws Exception {
        try (TrainProcess trainer = cluster.train();
                ServeProcess server = cluster.serve();
                EventProducer producer = cluster.producer()) {
            for (int item = 0; item < ITEMS; item++) {
                producer.send(new CatalogueItem("i" + item, SeededClicks.T0, Features.NONE));
            }
            for (int sent = CLICKS / 10; sent <= CLICKS; sent += CLICKS / 10) { // at least ten rounds
                SeededClicks.send(producer, sent - CLICKS / 10, sent, ITEMS);
                int clicks = sent;
                await().atMost(PATIENCE).until(() -> TestCluster.learnt(trainer.progress()) == clicks);
            }
            RecallClient client = new RecallClient(server.url());
            await().atMost(PATIENCE).until(() -> client.status("/readyz") == 200);
            for (int user = 0; user < 20; user++) {
                assertThat(client.status("/v1/recall?user=u" + user)).isEqualTo(200);
            }
            producer.removeItem("i" + REMOVED, SeededClicks.T0 + CLICKS * 1000L);
            producer.flush();
            await().atMost(PATIENCE).until(() -> trainer.progress()
                    .training()
                    .filter(training -> training.items() == ITEMS - 1)
                    .isPresent());
        }
    }

    /** Runs a command, which must succeed. Returns what it says. */
    private JsonNode ok(Map<String, String> given, String... command) throws Exception {
        String[] asJson = Arrays.copyOf(command, command.length + 2);
        asJson[command.length] = "--output";
        asJson[command.length + 1] = "json";
        assertThat(commands.run(given, asJson))
                .as(commands.out() + commands.err())
                .isZero();
        return json.readTree(commands.out());
    }

    private void aCleanRunPasses(Map<String, String> given) throws Exception {
        JsonNode found = ok(given, "verify", "--model").path(0);
        assertThat(found.path("detail").asText()).startsWith("same bits: ");
        assertThat(found.path("from_step").asLong()).isZero();
        assertThat(found.path("digests").asLong()).isGreaterThan(10);
        assertThat(found.path("vectors").asInt()).isEqualTo(ITEMS - 1);
        assertThat(found.path("catalogue_compared").asBoolean()).isTrue();

        JsonNode upTo = ok(given, "verify", "--model", "--step", "3").path(0);
        assertThat(upTo.path("to_step").asLong()).isBetween(1L, 3L);

        JsonNode counts = ok(given, "verify", "--counts").path(0);
        assertThat(counts.path("faults")).isEmpty();
        assertThat(counts.path("outcomes")).anySatisfy(line -> {
            assertThat(line.path("topic").asText()).isEqualTo("training-examples");
            assertThat(line.path("outcome").asText()).isEqualTo("learnt or refused");
            assertThat(line.path("books").asInt()).isEqualTo(CLICKS);
            assertThat(line.path("least").asInt()).isEqualTo(CLICKS);
        });

        JsonNode answers = ok(given, "verify", "--answers").path(0);
        assertThat(answers.path("equal").asInt()).isPositive();
    }

    private void anAuditGoesOnFromTheCheckpointOfAnother(TestCluster cluster, Path checkpoints) throws Exception {
        String[] audit = {"verify", "--model", "--checkpoints", checkpoints.toString()};
        JsonNode first = ok(cluster.given(), audit).path(0);
        assertThat(first.path("from_step").asLong()).isZero();
        Checkpoint.Header kept =
                CheckpointFile.header(Path.of(first.path("checkpoint").asText()));
        assertThat(kept.origin().source()).isEqualTo(Checkpoint.Source.AUDIT_OF_SHARDS);
        assertThat(kept.log().orElseThrow().topic()).isEqualTo("model-rounds");

        learnMore(cluster);
        JsonNode second = ok(cluster.given(), audit).path(0);
        assertThat(second.path("from_step").asLong()).isEqualTo(kept.step());
        assertThat(second.path("to_step").asLong())
                .isGreaterThan(first.path("to_step").asLong());
        assertThat(second.path("digests").asLong()).isPositive(); // one for all rounds of a commit
    }

    private static void learnMore(TestCluster cluster) throws Exception {
        try (TrainProcess trainer = cluster.train();
                EventProducer producer = cluster.producer()) {
            await().atMost(PATIENCE).until(() -> TestCluster.learnt(trainer.progress()) == CLICKS);
            SeededClicks.send(producer, CLICKS, 2 * CLICKS, ITEMS - 5);
            await().atMost(PATIENCE).until(() -> TestCluster.learnt(trainer.progress()) > CLICKS + CLICKS / 2);
        }
    }

    private void anItemARoundAndAStepAreExplained(TestCluster cluster) throws Exception {
        Map<String, String> given = cluster.given();
        Cluster read = cluster.settings().cluster();
        List<ModelRound> rounds = cluster.records(read.topics().modelRounds()).stream()
                .map(record -> read.wire().decode(Topic.MODEL_ROUNDS, record).orElseThrow())
                .toList();

        ModelRound round = rounds.stream()
                .filter(one -> one.deltas().size() > 1)
                .findFirst()
                .orElseThrow();
        JsonNode explained =
                ok(given, "explain", "--step", Long.toString(round.batch().step()));
        assertThat(explained.path("topic").asText()).isEqualTo(read.topics().modelRounds());
        assertThat(explained.path("deltas")).hasSameSizeAs(round.deltas());
        assertThat(explained.path("examples").asInt())
                .isEqualTo(round.batch().examples().size());
        for (Round.Taken taken : round.deltas()) {
            JsonNode step = ok(given, "explain", "--step", taken.origin().shard() + "/" + taken.lastStep());
            assertThat(step.path("step").asLong()).isEqualTo(taken.lastStep());
            assertThat(step.path("partition").asInt()).isEqualTo(taken.origin().shard());
            JsonNode delta = step.path("deltas").path(0);
            assertThat(delta.path("round").asLong()).isEqualTo(round.batch().step());
            assertThat(delta.path("sha256").asText()).isEqualTo(taken.sha256());
        }
        assertThat(commands.run(given, "explain", "--step", "5/1")).isEqualTo(1);
        assertThat(commands.err()).contains("the log of shard 5 is missing: topic mini-batches has 2 partitions");
        assertThat(commands.run(given, "explain", "--step", "1/x")).isEqualTo(2);

        JsonNode item = ok(given, "explain", "--item", "i3");
        ModelRound made = rounds.get(item.path("step").asInt() - 1);
        JsonNode deltas = item.path("batch").path("deltas");
        assertThat(item.path("batch").path("offset").asLong()).isPositive();
        for (JsonNode delta : deltas) {
            boolean isPositive = delta.path("roles").toString().contains("positive");
            assertThat(isPositive)
                    .isEqualTo(made.deltas().stream()
                            .filter(taken -> taken.origin().shard()
                                            == delta.path("shard").asInt()
                                    && taken.origin().number()
                                            == delta.path("delta").asInt())
                            .flatMap(taken -> positives(cluster, taken))
                            .anyMatch("i3"::equals));
        }
        assertThat(made.deltas().stream()
                        .flatMap(taken -> positives(cluster, taken))
                        .noneMatch("i3"::equals))
                .isEqualTo(!deltas.toString().contains("positive"));
    }

    /** Items of the examples of a delta's steps. */
    private static Stream<String> positives(TestCluster cluster, Round.Taken taken) {
        Cluster read = cluster.settings().cluster();
        return cluster.records(read.topics().miniBatches()).stream()
                .filter(record -> record.partition() == taken.origin().shard())
                .map(record -> read.wire().decode(Topic.MINI_BATCHES, record).orElseThrow())
                .filter(batch -> taken.firstStep() <= batch.step() && batch.step() <= taken.lastStep())
                .flatMap(batch -> batch.examples().stream())
                .map(TrainingExample::item);
    }

    private void aCheckpointHasAllItemsAndUsers(TestCluster cluster, Path file) throws Exception {
        JsonNode written = ok(cluster.given(), "model", "export", "--out", file.toString());
        long round = cluster.records(cluster.settings().topics().names().modelRounds())
                .size();
        assertThat(written.path("step").asLong()).isEqualTo(round);

        Checkpoint checkpoint;
        try (ScratchEntries entries = ScratchEntries.create()) {
            checkpoint = CheckpointFile.read(file, entries, Progress.NONE);
            Trainer trainer = checkpoint.toLookAt();
            assertThat(trainer.items()).hasSize(ITEMS - 1);
            JsonNode shown = ok(Map.of(), "model", "show", "--in", file.toString());
            assertThat(shown.path("entries")
                            .path("rows of table user")
                            .path("entries")
                            .asLong())
                    .isEqualTo(users(cluster));
        }
        assertThat(checkpoint.header().origin().source()).isEqualTo(Checkpoint.Source.SHARDS);
        assertThat(checkpoint.header().log().orElseThrow().topic()).isEqualTo("model-rounds");
    }

    /** Number of users that were learnt. */
    private static long users(TestCluster cluster) {
        Cluster read = cluster.settings().cluster();
        return cluster.records(read.topics().miniBatches()).stream()
                .map(record -> read.wire().decode(Topic.MINI_BATCHES, record).orElseThrow())
                .flatMap(batch -> batch.examples().stream())
                .map(example -> example.user().user())
                .distinct()
                .count();
    }

    private void whatIsNotKnownOfShardsIsRefused(Map<String, String> given) {
        assertThat(commands.run(given, "model", "import", "--in", "anywhere")).isEqualTo(2);
        assertThat(commands.err()).startsWith("learn.shards = 2: must be 1");
    }

    private void aTamperedVectorIsNamed(TestCluster cluster) throws Exception {
        Cluster read = cluster.settings().cluster();
        String vectors = read.topics().itemEmbeddings();
        String generation = cluster.settings().trainer().model().generationName();
        TopicRecord good = latest(cluster, vectors, Topic.itemKey(generation, "i3"));
        ItemEmbedding embedding =
                read.wire().decode(Topic.ITEM_EMBEDDINGS, good).orElseThrow();
        byte[] flipped = good.value().orElseThrow().clone();
        // as in VerifyIT: single-object header 10, length of "i3" 1, "i3" 2, block count 1, then float32 little-endian
        flipped[10 + 1 + 2 + 1 + 2 * Float.BYTES] ^= 1;
        write(cluster, vectors, good.key(), Optional.of(flipped));

        assertThat(commands.run(cluster.given(), "verify", "--model")).isEqualTo(1);
        assertThat(commands.out().lines().filter(line -> line.startsWith("differences")))
                .singleElement()
                .asString()
                .contains("vector of item i3, step " + embedding.step(), ": component 2 is ");
        write(cluster, vectors, good.key(), good.value());
    }

    private void aTamperedDigestIsNamed(TestCluster cluster, Path checkpoints) throws Exception {
        Cluster read = cluster.settings().cluster();
        String progress = read.topics().trainingProgress();
        TopicRecord said = latest(cluster, progress, "learn-0".getBytes(StandardCharsets.UTF_8));
        String digest = read.wire()
                .decode(Topic.TRAINING_PROGRESS, said)
                .flatMap(PartProgress::training)
                .orElseThrow()
                .digest();
        byte[] value = said.value().orElseThrow().clone();
        int at = new String(value, StandardCharsets.ISO_8859_1).indexOf(digest);
        value[at] = (byte) (value[at] == '0' ? '1' : '0');
        write(cluster, progress, said.key(), Optional.of(value));

        assertThat(commands.run(cluster.given(), "verify", "--model", "--checkpoints", checkpoints.toString()))
                .isEqualTo(1);
        assertThat(commands.out().lines().filter(line -> line.startsWith("differences")))
                .singleElement()
                .asString()
                .contains("digest of step ", "replayed " + digest);
    }

    /** The logs are copied to other topics: a batch with its examples in another order, the rounds without one. */
    private void aTamperedBatchAndAMissingRoundAreNamed(TestCluster cluster) throws Exception {
        Cluster read = cluster.settings().cluster();
        List<TopicRecord> batches = cluster.records(read.topics().miniBatches());
        List<TopicRecord> tampered = new ArrayList<>();
        long step = 0;
        for (TopicRecord record : batches) {
            MiniBatch batch = read.wire().decode(Topic.MINI_BATCHES, record).orElseThrow();
            boolean isIt = step == 0
                    && record.partition() == 1
                    && batch.step() > 1
                    && batch.examples().size() > 1;
            step = isIt ? batch.step() : step;
            tampered.add(isIt ? reversed(read, record, batch) : record);
        }
        assertThat(step).isPositive();
        copy(cluster, "tampered-batches", 2, tampered);
        assertThat(commands.run(cluster.given("topic.mini-batches.name", "tampered-batches"), "verify", "--model"))
                .as(commands.err())
                .isEqualTo(1);
        assertThat(commands.out().lines().filter(line -> line.startsWith("differences")))
                .singleElement()
                .asString()
                .containsPattern("delta [1-9] of shard 1, of steps [1-9] to ")
                .containsPattern("round \\d+ \\(offset \\d+ of model-rounds-0\\) has SHA-256 ");

        assertThat(commands.run(cluster.given("topic.mini-batches.name", "tampered-batches"), "verify", "--counts"))
                .isEqualTo(1);
        assertThat(commands.out()).contains("step " + step + " (tampered-batches-1 offset ", "no earlier step has");

        List<TopicRecord> rounds = cluster.records(read.topics().modelRounds());
        List<TopicRecord> fewer = new ArrayList<>(rounds);
        fewer.remove(2);
        copy(cluster, "fewer-rounds", 1, fewer);
        assertThat(commands.run(cluster.given("topic.model-rounds.name", "fewer-rounds"), "verify", "--model"))
                .as(commands.err())
                .isEqualTo(1);
        assertThat(commands.out())
                .contains("the round at offset 2 of fewer-rounds-0 is of step 4, expected 3: the log must hold");
    }

    private static TopicRecord reversed(Cluster read, TopicRecord record, MiniBatch batch) {
        List<TrainingExample> examples = new ArrayList<>(batch.examples());
        Collections.reverse(examples);
        MiniBatch other = new MiniBatch(
                batch.step(),
                batch.seed(),
                batch.catalogue(),
                examples,
                batch.logProbability(),
                batch.negatives(),
                batch.negativeLogProbability(),
                batch.catalogueSize(),
                batch.removedUsers(),
                batch.draws(),
                batch.exposed(),
                batch.rehearsed(),
                batch.clock());
        return new TopicRecord(
                record.topic(),
                record.key(),
                read.wire().encode(Topic.MINI_BATCHES, read.topics().miniBatches(), other),
                record.timestamp(),
                record.partition(),
                record.offset(),
                Map.of());
    }

    private static void copy(TestCluster cluster, String topic, int partitions, List<TopicRecord> records)
            throws Exception {
        try (Admin admin = admin(cluster)) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)
                            .configs(Map.of("max.message.bytes", Integer.toString(32 << 20)))))
                    .all()
                    .get();
        }
        cluster.write(records.stream()
                .map(record -> new ProducerRecord<>(
                        topic, record.partition(), record.key(), record.value().orElseThrow()))
                .toList());
    }

    private static Admin admin(TestCluster cluster) {
        return Admin.create(Map.<String, Object>of(
                "bootstrap.servers",
                Optional.ofNullable(cluster.given().get("kafka.bootstrap.servers"))
                        .orElseThrow()));
    }

    private void aLogWithoutItsBeginningNeedsACheckpoint(TestCluster cluster, Path checkpoints) throws Exception {
        TopicNames topics = cluster.settings().topics().names();
        MiniBatch second = cluster.records(topics.miniBatches()).stream()
                .filter(record -> record.partition() == 1)
                .map(record -> cluster.settings()
                        .cluster()
                        .wire()
                        .decode(Topic.MINI_BATCHES, record)
                        .orElseThrow())
                .filter(batch -> batch.step() == 2)
                .findFirst()
                .orElseThrow();
        long before = cluster.records(topics.miniBatches()).stream()
                .filter(record -> record.partition() == 1)
                .map(TopicRecord::offset)
                .sorted()
                .skip(1)
                .findFirst()
                .orElseThrow();
        try (Admin admin = admin(cluster)) {
            admin.deleteRecords(
                            Map.of(new TopicPartition(topics.miniBatches(), 1), RecordsToDelete.beforeOffset(before)))
                    .all()
                    .get();
        }

        assertThat(commands.run(cluster.given(), "verify", "--model")).isEqualTo(1);
        assertThat(commands.out())
                .contains(
                        "cannot be verified: the log of shard 1 begins at step " + second.step(),
                        "topic.batch-retention");
        JsonNode from = ok(cluster.given(), "verify", "--model", "--checkpoints", checkpoints.toString())
                .path(0);
        assertThat(from.path("from_step").asLong()).isPositive();
        assertThat(from.path("detail").asText()).startsWith("same bits: ");
    }

    private static TopicRecord latest(TestCluster cluster, String topic, byte[] key) {
        return cluster.records(topic).stream()
                .filter(record -> Arrays.equals(record.key(), key))
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    @SuppressWarnings("NullAway") // a null value is what a tombstone is
    private static void write(TestCluster cluster, String topic, byte[] key, Optional<byte[]> value) throws Exception {
        cluster.write(List.of(new ProducerRecord<>(topic, key, value.orElse(null))));
    }
}
