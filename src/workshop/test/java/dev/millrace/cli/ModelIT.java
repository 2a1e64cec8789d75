package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TestCluster;
import dev.millrace.app.TrainProcess;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.Learners;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.MemoryEntries;
import dev.millrace.stream.run.LostContinuityException;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.Trainer;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A learner is exported while it runs, imported under another name, and goes on to the same bits. */
@Tag("slow")
class ModelIT {

    private static final Map<String, String> SETTINGS = Map.of(
            "batch.size", "16",
            "batch.max-wait", "50ms",
            "publish.max-age.steps", "1000000", // so slow that what is not published anew is missed
            "publish.most-moved", "0",
            "digest.steps", "5");
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ITEMS = 40;
    private static final int CLICKED_ITEMS = 25; // the others are published once, when they join the catalogue
    private static final int CLICKS_A_PHASE = 16 * 30; // some 30 steps of 16, more where a batch does not wait

    private final Commands commands = new Commands();
    private final Path directory;
    private final Path middle;
    private int clicks;

    ModelIT(@TempDir Path directory) {
        this.directory = directory;
        this.middle = directory.resolve("middle.checkpoint");
    }

    @Test
    void importedLearnersReachTheSameBits() throws Exception {
        try (TestCluster cluster = new TestCluster(directory, SETTINGS)) {
            Map<String, String> live = cluster.given("stream.application-id", "live");
            assertThat(commands.run(live, "model", "export", "--out", middle.toString()))
                    .isEqualTo(69);
            assertThat(commands.err()).contains("there is no learner of application live-learn: its changelog ");
            Path end = directory.resolve("end.checkpoint");
            liveLearnerIsExportedInTheMiddleAndAtTheEnd(live, end);
            filesForOthersAreWrittenFromTheFile();
            Map<String, String> other = publishingElsewhere(cluster);
            whatDoesNotFitIsRefused(other);
            anImportThatDidNotEndLeavesNothingToStartFrom(other);

            assertThat(commands.shown(other, "model", "import", "--in", middle.toString()))
                    .containsPattern("entries 100% .* read")
                    .containsPattern(" [1-9][0-9]*/\\? .* sent");
            assertThat(commands.out())
                    .containsPattern("application +other-learn-from-log")
                    .containsPattern("nextStep +[0-9]+");
            assertThat(commands.run(other, "model", "import", "--in", middle.toString()))
                    .isEqualTo(2);
            assertThat(commands.err())
                    .contains("stream.application-id = other: must be one that no trainer ever had: its group "
                            + "other-learn-from-log has offsets");

            Checkpoint original = CheckpointFile.read(end, new MemoryEntries());
            Checkpoint imported = afterLearningTo(original.header().step(), other);
            assertThat(imported.header().learnt()).isEqualTo(original.header().learnt());
            assertThat(ofTheLog(imported)).isEqualTo(ofTheLog(original)).hasSizeGreaterThan(ITEMS);
            allWasPublishedAnew(other, imported);

            aWarmStartIsAGenerationOfItsOwn(other, original);
        }
    }

    private void aWarmStartIsAGenerationOfItsOwn(Map<String, String> other, Checkpoint original) throws Exception {
        Map<String, String> warm = new HashMap<>(other);
        warm.put("stream.application-id", "warm");
        warm.put("stream.state-directory", directory.resolve("warm").toString());
        String[] start = {"model", "import", "--warm", "--in", middle.toString()};
        assertThat(commands.run(warm, start)).isEqualTo(2);
        assertThat(commands.err())
                .contains("model.generation = g1: must be another, as generation ", " was published already");
        warm.put("optimiser.rows.learning-rate", "0.03");
        warm.put("optimiser.rows.kind", "adam");
        assertThat(commands.run(warm, start)).isEqualTo(2);
        assertThat(commands.err()).contains("optimiser.rows.kind = adam: must be adagrad, as in the checkpoint");
        warm.remove("optimiser.rows.kind");
        String checkpoints = directory.resolve("audits-of-warm").toString();
        assertThat(commands.run(
                        warm,
                        "model",
                        "import",
                        "--warm",
                        "--in",
                        middle.toString(),
                        "--checkpoints",
                        checkpoints,
                        "--output",
                        "json"))
                .as(commands.out() + commands.err())
                .isZero();
        JsonNode begun = new ObjectMapper().readTree(commands.out());
        assertThat(begun.path("application").asText()).isEqualTo("warm-learn-from-log");
        assertThat(begun.path("nextStep").asLong()).isEqualTo(begun.path("step").asLong() + 1);

        Checkpoint learnt = afterLearningTo(original.header().step(), warm);
        assertThat(learnt.header().lineage().generation())
                .isEqualTo(TestCluster.load(warm).trainer().model().generationName())
                .isNotEqualTo(original.header().lineage().generation());
        assertThat(learnt.header().learnt().digest())
                .isNotEqualTo(original.header().learnt().digest());
        Trainer trainer = learnt.toLookAt();
        Trainer before = original.toLookAt();
        assertThat(trainer.items()).isEqualTo(before.items());
        assertThat(trainer.progress().positives()).isEqualTo(before.progress().positives());
        assertThat(commands.run(warm, "verify", "--model", "--checkpoints", checkpoints, "--output", "json"))
                .as(commands.out() + commands.err())
                .isZero();
        JsonNode audit = new ObjectMapper().readTree(commands.out()).path(0);
        assertThat(audit.path("from_step")).isEqualTo(begun.path("step"));
        assertThat(audit.path("digests").asInt()).isPositive();
        assertThat(commands.run(warm, "model", "list", "--output", "json")).isZero();
        assertThat(new ObjectMapper().readTree(commands.out()))
                .extracting(one -> one.path("generation").asText())
                .contains(
                        original.header().lineage().generation(),
                        learnt.header().lineage().generation());
    }

    private void liveLearnerIsExportedInTheMiddleAndAtTheEnd(Map<String, String> live, Path end) throws Exception {
        MillraceSettings settings = TestCluster.load(live);
        try (StreamRunner runner = TrainProcess.runner(settings, TrainProcess.From.EVENTS);
                EventProducer producer = new EventProducer(
                        settings.clients(), settings.topics().names(), new AvroWire(settings.wire()))) {
            runner.start();
            for (int item = 0; item < ITEMS; item++) {
                producer.send(new CatalogueItem("i" + item, SeededClicks.T0, Features.NONE));
            }
            send(producer);
            // while it learns: whatever was committed last, and whole
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(commands.run(live, "model", "export", "--out", middle.toString()))
                        .as(commands.out() + commands.err())
                        .isZero();
                Checkpoint found = CheckpointFile.read(middle, new MemoryEntries());
                assertThat(found.header().step()).isGreaterThan(10);
                Trainer trainer = found.toLookAt();
                assertThat(trainer.items()).hasSize(ITEMS);
            });
            send(producer);
            await().atMost(PATIENCE).until(() -> positives(live) == 2L * CLICKS_A_PHASE);
        }
        assertThat(commands.shown(live, "model", "export", "--out", end.toString()))
                .containsPattern("entries 100% .* read")
                .containsPattern("entries 100% .* written");
        assertThat(CheckpointFile.read(end, new MemoryEntries()).header().step())
                .isGreaterThan(CheckpointFile.read(middle, new MemoryEntries())
                                .header()
                                .step()
                        + 10);
    }

    private void filesForOthersAreWrittenFromTheFile() throws Exception {
        Path vectors = directory.resolve("vectors");
        Path onnx = directory.resolve("onnx");

        // no broker, no settings: the file has them
        String[] export = {
            "model", "export", "--in", "" + middle, "--vectors", "" + vectors, "--onnx", "" + onnx, "--output", "json"
        };
        assertThat(commands.run(export)).as(commands.err()).isZero();
        JsonNode written = new ObjectMapper().readTree(commands.out());
        assertThat(written.at("/vectors/items").asInt()).isEqualTo(ITEMS);
        assertThat(written.at("/vectors/dim").asInt()).isEqualTo(8);
        assertThat(written.path("towers").asText()).isEqualTo(onnx.toString());
        assertThat(Files.readAllLines(vectors.resolve("ids.txt"))).hasSize(ITEMS);
        assertThat(onnx.resolve("towers.json")).isNotEmptyFile();
        assertThat(commands.shown("model", "show", "--in", middle.toString())).containsPattern("entries 100% .* read");
        assertThat(show("--in", middle.toString(), "--output", "json")).isZero();
        JsonNode shown = new ObjectMapper().readTree(commands.out());
        assertThat(shown.path("step").asLong()).isPositive();
        assertThat(shown.at("/entries/rows of table item/entries").asLong()).isPositive();
        assertThat(show("--in", middle.toString(), "--settings")).isZero();
        Path settings = Files.writeString(directory.resolve("read-back.properties"), commands.out());
        assertThat(MillraceSettings.load(List.of(settings), Map.of(), Map.of(), Map.of())
                        .learner()
                        .hash())
                .isEqualTo(CheckpointFile.read(middle, new MemoryEntries())
                        .header()
                        .lineage()
                        .settingsHash());
    }

    private void whatDoesNotFitIsRefused(Map<String, String> other) throws Exception {
        Map<String, String> otherSettings = new HashMap<>(other);
        otherSettings.put("tower.dim", "16");
        assertThat(commands.run(otherSettings, "model", "import", "--in", middle.toString()))
                .isEqualTo(2);
        assertThat(commands.err()).contains("tower.dim = 16: must be 8, as in the checkpoint");

        // step by step the same, and of another log
        Checkpoint found = CheckpointFile.read(middle, new MemoryEntries());
        Checkpoint.Header header = found.header();
        Path elsewhere = directory.resolve("elsewhere.checkpoint");
        CheckpointFile.write(
                elsewhere,
                new Checkpoint(
                        new Checkpoint.Header(
                                header.origin(),
                                header.lineage(),
                                header.learnt(),
                                header.log()
                                        .map(place -> new Checkpoint.LogPlace(
                                                place.topic(), place.partition(), place.offset(), "00")),
                                header.settings()),
                        found.entries()));
        assertThat(commands.run(other, "model", "import", "--in", elsewhere.toString()))
                .isEqualTo(1);
        assertThat(commands.err()).contains("must be the log that it learnt from");
    }

    private void anImportThatDidNotEndLeavesNothingToStartFrom(Map<String, String> other) throws Exception {
        String changelog = "other-learn-from-log-learner-changelog";
        Map<String, Object> config = Map.of(
                "bootstrap.servers",
                other.getOrDefault("kafka.bootstrap.servers", ""),
                "transactional.id",
                "other-learn-from-log-import");
        try (Admin admin = Admin.create(config)) {
            admin.createTopics(
                            List.of(new NewTopic(changelog, 1, (short) 1).configs(Map.of("cleanup.policy", "compact"))))
                    .all()
                    .get();
        }
        // left open, as by a process that was killed
        KafkaProducer<byte[], byte[]> killed =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        killed.initTransactions();
        killed.beginTransaction();
        killed.send(new ProducerRecord<>(changelog, new byte[] {'m', 'h'}, new byte[] {1}))
                .get();

        try (StreamRunner runner = TrainProcess.runner(TestCluster.load(other), TrainProcess.From.MINI_BATCHES)) {
            assertThatThrownBy(runner::start)
                    .isInstanceOf(LostContinuityException.class)
                    .hasMessageContaining("group other-learn-from-log has no offsets, but its changelog " + changelog);
        }
        killed.close(Duration.ZERO);
    }

    private Checkpoint afterLearningTo(long step, Map<String, String> other) throws Exception {
        Path file = directory.resolve("imported.checkpoint");
        try (StreamRunner runner = TrainProcess.runner(TestCluster.load(other), TrainProcess.From.MINI_BATCHES)) {
            runner.start();
            await().atMost(PATIENCE).until(() -> {
                assertThat(runner.failure()).isEmpty();
                assertThat(commands.run(other, "model", "export", "--from", "mini-batches", "--out", file.toString()))
                        .as(commands.out() + commands.err())
                        .isZero();
                return CheckpointFile.read(file, new MemoryEntries()).header().step() == step;
            });
            // an old log is published once its end is reached, after the last step
            await().atMost(PATIENCE).until(() -> isComplete(TestCluster.load(other)));
        }
        return CheckpointFile.read(file, new MemoryEntries());
    }

    private static boolean isComplete(MillraceSettings settings) {
        String generation = settings.trainer().model().generationName();
        List<ItemEmbedding> marks = new ArrayList<>();
        try (TopicReader reader = settings.cluster().reader()) {
            reader.readAll(settings.topics().names().itemEmbeddings(), record -> settings.cluster()
                    .wire()
                    .decode(Topic.ITEM_EMBEDDINGS, record)
                    .filter(embedding ->
                            embedding.isMark() && embedding.generation().equals(generation))
                    .ifPresent(marks::add));
        }
        return !marks.isEmpty();
    }

    /** It had published nothing, so that items and rows which no later step touched are there too. */
    private void allWasPublishedAnew(Map<String, String> other, Checkpoint imported) {
        MillraceSettings settings = TestCluster.load(other);
        AvroWire wire = settings.cluster().wire();
        TopicNames topics = settings.topics().names();
        TreeSet<String> published = new TreeSet<>();
        TreeSet<String> querySide = new TreeSet<>();
        Trainer trainer = imported.toLookAt();
        try (TopicReader reader = settings.cluster().reader()) {
            reader.readAll(topics.itemEmbeddings(), record -> wire.decode(Topic.ITEM_EMBEDDINGS, record)
                    .filter(embedding -> !embedding.isMark())
                    .ifPresent(embedding -> published.add(embedding.item())));
            reader.readAll(
                    topics.modelUpdates(),
                    record -> querySide.add(Arrays.toString(wire.decode(Topic.MODEL_UPDATES, record)
                            .orElseThrow()
                            .key())));
            assertThat(published).hasSize(ITEMS).containsExactlyInAnyOrderElementsOf(trainer.items());
            assertThat(querySide)
                    .containsExactlyInAnyOrderElementsOf(Learners.map(imported.entries()).keySet().stream()
                            .filter(trainer::isQuerySide)
                            .map(Arrays::toString)
                            .toList());
        }
    }

    /** What is a function of the log, by key and value as text. */
    private static NavigableMap<String, String> ofTheLog(Checkpoint checkpoint) {
        NavigableMap<String, String> entries = new TreeMap<>();
        Learners.map(checkpoint.entries()).forEach((key, value) -> {
            if ("mCPFeE".indexOf(key[0]) >= 0) {
                entries.put(Arrays.toString(key), Arrays.toString(value));
            }
        });
        return entries;
    }

    private long positives(Map<String, String> live) throws Exception {
        Path file = directory.resolve("now.checkpoint");
        assertThat(commands.run(live, "model", "export", "--out", file.toString()))
                .as(commands.out() + commands.err())
                .isZero();
        Trainer trainer = CheckpointFile.read(file, new MemoryEntries()).toLookAt();
        return trainer.progress().positives();
    }

    private void send(EventProducer producer) {
        SeededClicks.send(producer, clicks, clicks + CLICKS_A_PHASE, CLICKED_ITEMS);
        clicks += CLICKS_A_PHASE;
    }

    private Map<String, String> publishingElsewhere(TestCluster cluster) {
        Map<String, String> other = cluster.given(
                "stream.application-id", "other",
                "stream.from-log.publish", "true",
                "topic.item-embeddings.name", "other-item-embeddings",
                "topic.model-updates.name", "other-model-updates");
        assertThat(commands.run(other, "topics", "create")).isZero();
        return other;
    }

    private int show(String... arguments) {
        List<String> all = new ArrayList<>(List.of("model", "show"));
        all.addAll(List.of(arguments));
        return commands.run(Map.of(), all.toArray(String[]::new));
    }
}
