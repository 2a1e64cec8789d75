package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.bench.RecallClient;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What changes an answer before anything is learnt: a click of the user's own, and an item that nobody has clicked. */
class FreshAnswersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final long T0 = TestCluster.T0;
    private static final int BATCH = 16;

    private final Path directory;

    FreshAnswersIT(@TempDir Path directory) {
        this.directory = directory;
    }

    /** What a test does with a system that has learnt one batch and serves its items. */
    private interface Scene {
        void play(RecallClient recall, EventProducer producer, TestCluster cluster) throws Exception;
    }

    @Test
    void aClickChangesAnswersBeforeItIsLearnt() throws Exception {
        String path = "/v1/recall?user=newcomer&k=20&include-vector=true&explain=true";
        // the batch that the click is in never fills, and is not waited for
        play(Map.of("batch.max-wait", "1h"), (recall, producer, scene) -> {
            JsonNode before = recall.ask(path).orElseThrow();
            String clicked = before.at("/items/0/item").asText();

            click(producer, "newcomer", clicked, BATCH);
            await().atMost(PATIENCE)
                    .until(() ->
                            !recall.ask(path).orElseThrow().path("coldStart").asBoolean());

            JsonNode after = recall.ask(path).orElseThrow();
            assertThat(before.path("coldStart").asBoolean()).isTrue();
            assertThat(before.path("items")).hasSize(BATCH);
            assertThat(items(after)).hasSize(BATCH - 1).doesNotContain(clicked);
            assertThat(after.at("/items/0/nearest/0/item").asText()).isEqualTo(clicked);
            assertThat(after.path("vector")).isNotEqualTo(before.path("vector"));
            assertThat(before.path("step").asLong()).isEqualTo(1);
            assertThat(after.path("step").asLong()).isEqualTo(1);
        });
    }

    /** The same bytes would come at each start. */
    @Test
    void aNewItemIsRecalledBeforeAnyClick() throws Exception {
        String path = "/v1/recall?user=u1&filter.state=fresh";
        List<byte[]> values = List.of(
                new byte[0],
                "{}".getBytes(StandardCharsets.UTF_8),
                HexFormat.of().parseHex("c3010123456789abcdef"), // of a schema that nobody knows
                HexFormat.of().parseHex("0000000007")); // of a registry that there is not
        play(Map.of("batch.max-wait", "100ms", "publish.attributes", "state"), (recall, producer, scene) -> {
            assertThat(items(recall.ask(path).orElseThrow())).isEmpty();
            List<ProducerRecord<byte[], byte[]>> strange = new ArrayList<>();
            for (String topic :
                    List.of("generations", "item-embeddings", "model-updates", "user-features", "training-progress")) {
                for (String key : List.of("none", "g1\0none")) {
                    values.forEach(value ->
                            strange.add(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value)));
                }
            }
            // only with a generation in their key are these two topics' deletions anything
            strange.add(new ProducerRecord<>("item-embeddings", new byte[] {1}, null));
            strange.add(new ProducerRecord<>("model-updates", new byte[] {1}, null));
            scene.write(strange);
            Features fresh = Features.of(Map.of("state", new FeatureValue.Category("fresh")));
            producer.send(new CatalogueItem("new", T0, fresh));

            await().atMost(PATIENCE)
                    .until(() -> items(recall.ask(path).orElseThrow()), found -> found.equals(List.of("new")));
            assertThat(items(recall.ask("/v1/similar?item=new&k=20").orElseThrow()))
                    .hasSize(BATCH);
            await().atMost(PATIENCE).untilAsserted(() -> {
                for (String topic : List.of("generations", "user-features")) {
                    assertThat(undecodable(recall, topic)).isEqualTo(8);
                }
                for (String topic : List.of("item-embeddings", "model-updates")) {
                    assertThat(undecodable(recall, topic)).isEqualTo(9);
                }
            });
            assertThat(recall.status("/readyz")).isEqualTo(200);
            Cluster cluster = scene.settings().cluster();
            assertThat(GenerationAdmin.history(cluster).answering()).isPresent();
            assertThat(new ProgressLog(cluster).ofLearner()).isPresent();
        });
    }

    private static double undecodable(RecallClient recall, String topic) throws InterruptedException {
        return recall.gauge("millrace_serve_undecodable_total{topic=\"" + topic + "\"}");
    }

    private void play(Map<String, String> more, Scene scene) throws Exception {
        Map<String, String> given = new TreeMap<>(more);
        given.putAll(Map.of("batch.size", Integer.toString(BATCH), "batch.negatives", "8"));
        try (TestCluster cluster = new TestCluster(directory, given);
                StreamRunner trainer = cluster.run();
                ServeProcess server = cluster.serve();
                EventProducer producer = cluster.producer()) {
            assertThat(trainer.awaitRunning(PATIENCE)).isTrue();
            for (int at = 0; at < BATCH; at++) {
                click(producer, "u" + at, "i" + at, at);
            }
            RecallClient recall = new RecallClient(server.url());
            await().atMost(PATIENCE).until(() -> recall.status("/readyz") == 200);
            await().atMost(PATIENCE).until(() -> server.state().servedItems() == BATCH);
            scene.play(recall, producer, cluster);
        }
    }

    /** A click on what the user was shown the moment before. */
    private static void click(EventProducer producer, String user, String item, int number) {
        producer.send(new Exposure("e" + number, user, item, T0 + number, 0, Features.NONE));
        producer.flush();
        producer.send(new Click(
                "c" + number, user, item, Optional.of("e" + number), "click", 1, T0 + number, 0, Features.NONE));
        producer.flush();
    }

    private static List<String> items(JsonNode answer) {
        List<String> items = new ArrayList<>();
        answer.path("items").forEach(found -> items.add(found.path("item").asText()));
        return items;
    }
}
