package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TestCluster;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audits of a system that has run: it passes, and whatever was tampered with is named. */
class VerifyIT {

    private static final int PLACES = 20; // of a history, by default

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CLICKS = 400;
    private static final int ITEMS = 40;
    private static final int REMOVED = 7;

    private final Commands commands = new Commands();
    private final ObjectMapper json = new ObjectMapper();

    @Test
    void tamperingWithATrainedSystemIsNamed(@TempDir Path directory) throws Exception {
        Map<String, String> more = Map.of(
                "batch.size", "16",
                "batch.max-wait", "50ms",
                "tower.user.senet", "true",
                "publish.max-age.steps", "10",
                "digest.steps", "5");
        try (TestCluster cluster = new TestCluster(directory, more)) {
            Map<String, String> given = cluster.given();
            train(cluster);
            aCleanRunPassesAndLeavesACheckpointToGoOnFrom(given, directory.resolve("checkpoints"));
            otherSettingsAndUnknownStepsAreRefused(cluster);
            anItemIsExplainedByTheRecordThatMadeIt(cluster.settings(), given);
            theFieldsOfATowerThatWeighsThemAreRead(given);
            theMixtureIsRead(given);
            tamperedVectorsAreNamed(cluster);
            aTamperedDigestIsNamed(cluster);
        }
    }

    /** Runs a command, which must succeed. Returns what it says. */
    private String ok(Map<String, String> given, String... command) {
        assertThat(commands.run(given, command))
                .as(commands.out() + commands.err())
                .isZero();
        return commands.out();
    }

    private void aCleanRunPassesAndLeavesACheckpointToGoOnFrom(Map<String, String> given, Path checkpoints)
            throws Exception {
        String[] verify = {"verify", "--model", "--checkpoints", checkpoints.toString()};
        assertThat(ok(given, verify))
                .contains("same bits: ")
                .containsPattern("catalogue_compared +true")
                .containsPattern("(?m)^vectors +" + (ITEMS - 1) + "$")
                .containsPattern("older_vectors +0")
                .doesNotContainPattern("(?m)^digests +0");
        try (Stream<Path> files = Files.list(checkpoints)) {
            assertThat(files).hasSize(1);
        }
        // the checkpoint is of the newest step: nothing is left to learn, and its own digest is compared
        assertThat(ok(given, verify)).contains("same bits: 0 steps from step ");
        JsonNode counts = json.readTree(ok(given, "verify", "--counts", "--output", "json"))
                .path(0);
        assertThat(counts.path("agrees").asBoolean()).isTrue();
        assertThat(counts.path("outcomes").findValuesAsText("outcome")).contains("attributed");
    }

    private void otherSettingsAndUnknownStepsAreRefused(TestCluster cluster) {
        Map<String, String> other = cluster.given("tower.dim", "16", "stream.application-id", "nobody");
        assertThat(commands.run(other, "verify", "--model")).isEqualTo(2);
        assertThat(commands.err()).contains("must be those of the learner, which publishes generation g1-");
        assertThat(commands.run(cluster.given(), "verify", "--model", "--step", "100000"))
                .isEqualTo(2);
        assertThat(commands.err()).startsWith("--step = 100000: must be a step that the log has");
    }

    private void anItemIsExplainedByTheRecordThatMadeIt(MillraceSettings settings, Map<String, String> given)
            throws Exception {
        JsonNode explained = json.readTree(ok(given, "explain", "--item", "i3", "--output", "json"));
        MiniBatch batch =
                batchAt(settings, explained.path("batch").path("offset").asLong());
        assertThat(explained.path("step").asLong()).isPositive().isEqualTo(batch.step());
        assertThat(explained.path("isOfTheseSettings").asBoolean()).isTrue();
        assertThat(explained.path("batch").path("firstEventTime").asText())
                .isEqualTo(batch.examples().stream()
                        .map(example -> Instant.ofEpochMilli(example.time()))
                        .min(Comparator.naturalOrder())
                        .map(Instant::toString)
                        .orElse("")); // a batch that only changes the catalogue has none
        assertThat(explained.path("roles").toString().contains("\"positive\""))
                .isEqualTo(batch.examples().stream()
                        .anyMatch(example -> example.item().equals("i3")));

        // steps are found in spite of the gaps that transactions leave between offsets
        for (long step : new long[] {1, 2, batch.step() / 2, batch.step()}) {
            String found = ok(given, "explain", "--step", Long.toString(step), "--output", "json");
            assertThat(batchAt(settings, json.readTree(found).path("offset").asLong())
                            .step())
                    .isEqualTo(step);
        }
        assertThat(commands.run(given, "explain", "--item", "i" + REMOVED)).isEqualTo(1);
        assertThat(commands.err()).contains("item i" + REMOVED + " was removed: tombstone at offset ");
        assertThat(commands.run(given, "explain", "--item", "nobody")).isEqualTo(1);
        assertThat(commands.err()).contains("item nobody was never published");
        assertThat(commands.run(given, "explain")).isEqualTo(2);
    }

    private void theFieldsOfATowerThatWeighsThemAreRead(Map<String, String> given) throws Exception {
        JsonNode weights = json.readTree(ok(given, "explain", "--fields", "--output", "json"))
                .path("fieldWeights");
        assertThat(weights.size()).isEqualTo(2 + PLACES);
        assertThat(weights.path("user.history").asDouble()).isPositive().isLessThan(2);
        assertThat(weights.path("user.history[0]").asDouble())
                .isGreaterThan(
                        weights.path("user.history[" + (PLACES - 1) + "]").asDouble());
    }

    private void theMixtureIsRead(Map<String, String> given) throws Exception {
        JsonNode mixture = json.readTree(ok(given, "explain", "--mixture", "--output", "json"));
        assertThat(mixture.path("popularity-half-life-seconds").asInt()).isIn(1_800, 7_200, 21_600, 86_400, 604_800);
        assertThat(mixture.path("popularity-weight").asDouble()).isBetween(0.0, 10.0); // 0 where the plain set leads
        assertThat(mixture.path("popularity-weight").isNumber()).isTrue();
    }

    private void tamperedVectorsAreNamed(TestCluster cluster) throws Exception {
        MillraceSettings settings = cluster.settings();
        Map<String, String> given = cluster.given();
        String topic = settings.topics().names().itemEmbeddings();
        String generation = settings.trainer().model().generationName();
        TopicRecord flipped = latest(cluster, topic, Topic.itemKey(generation, "i3"));
        TopicRecord deleted = latest(cluster, topic, Topic.itemKey(generation, "i4"));
        byte[] value = flipped.value().orElseThrow().clone();
        // single-object header 10, length of "i3" 1, "i3" 2, block count 1, then float32 little-endian: the lowest bit
        // of
        // component 2
        value[10 + 1 + 2 + 1 + 2 * Float.BYTES] ^= 1;
        byte[] renamed = latest(cluster, topic, Topic.itemKey(generation, "i5"))
                .value()
                .orElseThrow()
                .clone();
        renamed[10 + 1] = 'x'; // i5 becomes xx, which is no item
        renamed[10 + 1 + 1] = 'x';
        produce(cluster, topic, flipped.key(), Optional.of(value));
        produce(cluster, topic, deleted.key(), Optional.empty());
        produce(cluster, topic, Topic.itemKey(generation, "xx"), Optional.of(renamed));

        assertThat(commands.run(given, "verify", "--model")).isEqualTo(1);
        assertThat(commands.out().lines().filter(line -> line.startsWith("differences")))
                .hasSize(3)
                .anySatisfy(line -> assertThat(line).contains("vector of item i3, step ", ": component 2 is "))
                .anySatisfy(line -> assertThat(line).contains("vector of item xx, step ", "not in the catalogue"))
                .anySatisfy(line -> assertThat(line).contains("no vector of item i4, which is in the catalogue"));
        assertThat(commands.out()).contains("3 differences: ");

        produce(cluster, topic, flipped.key(), flipped.value());
        produce(cluster, topic, deleted.key(), deleted.value());
        produce(cluster, topic, Topic.itemKey(generation, "xx"), Optional.empty());
    }

    private void aTamperedDigestIsNamed(TestCluster cluster) throws Exception {
        MillraceSettings settings = cluster.settings();
        String topic = settings.topics().names().trainingProgress();
        TopicRecord record = latest(cluster, topic, "learn-0".getBytes(StandardCharsets.UTF_8));
        TrainingProgress training = new AvroWire(settings.wire())
                .decode(Topic.TRAINING_PROGRESS, record)
                .orElseThrow()
                .training()
                .orElseThrow();
        byte[] value = record.value().orElseThrow().clone();
        int at = new String(value, StandardCharsets.ISO_8859_1).indexOf(training.digest());
        value[at] = (byte) (value[at] == '0' ? '1' : '0');
        produce(cluster, topic, record.key(), Optional.of(value));

        assertThat(commands.run(cluster.given(), "verify", "--model")).isEqualTo(1);
        assertThat(commands.out().lines().filter(line -> line.startsWith("differences")))
                .singleElement()
                .asString()
                .contains("digest of step " + training.step() + ": published ", "replayed " + training.digest());
    }

    private static void train(TestCluster cluster) {
        try (StreamRunner runner = cluster.run();
                EventProducer producer = cluster.producer();
                ProgressWatch progress = cluster.progress()) {
            for (int item = 0; item < ITEMS; item++) {
                producer.send(new CatalogueItem("i" + item, SeededClicks.T0, Features.NONE));
            }
            SeededClicks.send(producer, 0, CLICKS, ITEMS);
            await().atMost(PATIENCE).until(() -> isLearnt(progress, CLICKS, ITEMS));
            producer.removeItem("i" + REMOVED, SeededClicks.T0 + CLICKS * 1000L);
            producer.flush();
            await().atMost(PATIENCE).until(() -> isLearnt(progress, CLICKS, ITEMS - 1));
            assertThat(runner.failure()).isEmpty();
        }
    }

    private static boolean isLearnt(ProgressWatch progress, long positives, int items) {
        return progress.training()
                .filter(training -> training.positives() == positives && training.items() == items)
                .isPresent();
    }

    private static MiniBatch batchAt(MillraceSettings settings, long offset) {
        try (TopicReader reader = new TopicReader(settings.clients(), PATIENCE)) {
            TopicReader.Extent log =
                    reader.extents(settings.topics().names().miniBatches()).get(0);
            TopicRecord record = reader.firstFrom(log, offset).orElseThrow();
            assertThat(record.offset()).isEqualTo(offset);
            return new AvroWire(settings.wire())
                    .decode(Topic.MINI_BATCHES, record)
                    .orElseThrow();
        }
    }

    private static TopicRecord latest(TestCluster cluster, String topic, byte[] key) {
        return cluster.records(topic).stream()
                .filter(record -> Arrays.equals(record.key(), key))
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    @SuppressWarnings("NullAway") // a null value is what a tombstone is
    private static void produce(TestCluster cluster, String topic, byte[] key, Optional<byte[]> value)
            throws Exception {
        cluster.write(List.of(new ProducerRecord<>(topic, key, value.orElse(null))));
    }
}
