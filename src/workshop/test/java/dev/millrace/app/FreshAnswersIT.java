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
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What changes an answer before anything is learnt: a click of the user's own, and an item that nobody has clicked. */
class FreshAnswersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final int BATCH = 16;

    private final Path directory;
    private String bootstrap = "";

    FreshAnswersIT(@TempDir Path directory) {
        this.directory = directory;
    }

    /** What a test does with a system that has learnt one batch and serves its items. */
    private interface Scene {
        void play(RecallClient recall, EventProducer producer) throws Exception;
    }

    @Test
    void clickChangesItsUsersAnswerThoughNoStepHasLearntFromIt() throws Exception {
        String path = "/v1/recall?user=newcomer&k=20&include-vector=true&explain=true";
        // the batch that the click is in never fills, and is not waited for
        play(Map.of("batch.max-wait", "1h"), (recall, producer) -> {
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

    @Test
    void newItemIsRecalledBeforeAnybodyHasClickedIt() throws Exception {
        String path = "/v1/recall?user=u1&filter.state=fresh";
        play(Map.of("batch.max-wait", "100ms", "publish.attributes", "state"), (recall, producer) -> {
            assertThat(items(recall.ask(path).orElseThrow())).isEmpty();

            producer.send(new CatalogueItem(
                    "new", T0 + BATCH, Features.of(Map.of("state", new FeatureValue.Category("fresh")))));

            await().atMost(PATIENCE)
                    .until(() -> items(recall.ask(path).orElseThrow()), found -> found.equals(List.of("new")));
            assertThat(items(recall.ask("/v1/similar?item=new&k=20").orElseThrow()))
                    .hasSize(BATCH);
        });
    }

    /** The same bytes would come at each start. */
    @Test
    void recordsThatAreNoneAreLeftOutAndCounted() throws Exception {
        List<byte[]> values = List.of(
                new byte[0],
                "{}".getBytes(StandardCharsets.UTF_8),
                HexFormat.of().parseHex("c3010123456789abcdef"), // of a schema that nobody knows
                HexFormat.of().parseHex("0000000007")); // of a registry that there is not
        play(Map.of("batch.max-wait", "100ms"), (recall, producer) -> {
            try (KafkaProducer<byte[], byte[]> stranger = new KafkaProducer<>(
                    Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer())) {
                for (String topic : List.of(
                        "generations", "item-embeddings", "model-updates", "user-features", "training-progress")) {
                    for (String key : List.of("none", "g1\0none")) {
                        for (byte[] value : values) {
                            stranger.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                                    .get();
                        }
                    }
                }
                // only with a generation in their key are these two topics' deletions anything
                stranger.send(new ProducerRecord<>("item-embeddings", new byte[] {1}, null))
                        .get();
                stranger.send(new ProducerRecord<>("model-updates", new byte[] {1}, null))
                        .get();
            }
            producer.send(new CatalogueItem("new", T0 + BATCH, Features.NONE));

            await().atMost(PATIENCE)
                    .until(() -> recall.ask("/v1/similar?item=new&k=1").isPresent());
            for (String topic : List.of("generations", "user-features")) {
                assertThat(undecodable(recall, topic)).isEqualTo(8);
            }
            for (String topic : List.of("item-embeddings", "model-updates")) {
                assertThat(undecodable(recall, topic)).isEqualTo(9);
            }
            assertThat(recall.status("/readyz")).isEqualTo(200);
            Cluster cluster = settings(Map.of()).cluster();
            assertThat(GenerationAdmin.history(cluster).answering()).isPresent();
            assertThat(new ProgressLog(cluster).ofLearner()).isPresent();
        });
    }

    private static double undecodable(RecallClient recall, String topic) throws InterruptedException {
        return recall.gauge("millrace_serve_undecodable_total{topic=\"" + topic + "\"}");
    }

    private void play(Map<String, String> more, Scene scene) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            bootstrap = broker.bootstrapServers();
            MillraceSettings settings = settings(more);
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            try (StreamRunner trainer = TrainProcess.runner(settings, TrainProcess.From.EVENTS);
                    ServeProcess server =
                            ServeProcess.start(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
                    EventProducer producer = new EventProducer(
                            settings.clients(), settings.topics().names(), new AvroWire(settings.wire()))) {
                trainer.start();
                assertThat(trainer.awaitRunning(PATIENCE)).isTrue();
                for (int at = 0; at < BATCH; at++) {
                    click(producer, "u" + at, "i" + at, at);
                }
                RecallClient recall = new RecallClient(server.url());
                await().atMost(PATIENCE).until(() -> recall.status("/readyz") == 200);
                await().atMost(PATIENCE).until(() -> server.state().servedItems() == BATCH);
                scene.play(recall, producer);
            }
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

    private MillraceSettings settings(Map<String, String> more) {
        Map<String, String> given = new TreeMap<>(Map.of(
                "kafka.bootstrap.servers",
                bootstrap,
                "stream.state-directory",
                directory.resolve("state").toString(),
                "serve.state-dir",
                directory.resolve("serve").toString(),
                "serve.port",
                "0",
                "batch.size",
                Integer.toString(BATCH),
                "batch.negatives",
                "8",
                "tower.dim",
                "8"));
        given.putAll(more);
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }

    private static List<String> items(JsonNode answer) {
        List<String> items = new ArrayList<>();
        answer.path("items").forEach(found -> items.add(found.path("item").asText()));
        return items;
    }
}
