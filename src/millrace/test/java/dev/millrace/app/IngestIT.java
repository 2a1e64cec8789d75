package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.follow.ProgressWatch;
import dev.millrace.stream.run.StreamRunner;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shop without a producer of Kafka: its events come over HTTP, and count once. */
@Tag("slow")
class IngestIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String ITEMS =
            """
            {"items": [
              {"item_id": "i1", "time": "2026-01-01T00:00:00Z", "features": {"category": "shoes"}},
              {"item_id": "i2", "time": "2026-01-01T00:00:00Z", "features": {"category": "hats"}}]}
            """;
    private static final String EVENTS =
            """
            {"users": [{"user_id": "u1", "time": "2026-01-01T00:00:00Z", "features": {"country": "AT"}}],
             "exposures": [
              {"exposure_id": "e1", "user_id": "u1", "item_id": "i1", "time": "2026-01-01T00:00:01Z"},
              {"exposure_id": "e2", "user_id": "u2", "item_id": "i2", "time": "2026-01-01T00:00:01Z"}],
             "clicks": [
              {"click_id": "c1", "user_id": "u1", "item_id": "i1", "exposure_id": "e1", "time": "2026-01-01T00:00:02Z"},
              {"click_id": "c2", "user_id": "u2", "item_id": "i2", "exposure_id": "e2", "time": "2026-01-01T00:00:02Z"}]}
            """;
    private static final String USER =
            """
            {"users": [{"user_id": "u5", "time": "2026-01-01T00:00:00Z", "features": {"country": "AT"}}]}
            """;
    /** Ends the windows of the others, as these are more users; their clicks wait for an exposure that does not come. */
    private static final String NEXT_DAY =
            """
            {"exposures": [
              {"exposure_id": "e7", "user_id": "u7", "item_id": "i1", "time": "2026-01-02T00:00:00Z"},
              {"exposure_id": "e8", "user_id": "u8", "item_id": "i1", "time": "2026-01-02T00:00:00Z"},
              {"exposure_id": "e9", "user_id": "u9", "item_id": "i1", "time": "2026-01-02T00:00:00Z"}],
             "clicks": [
              {"click_id": "c7", "user_id": "u7", "item_id": "i1", "exposure_id": "e0", "time": "2026-01-02T00:00:00Z"},
              {"click_id": "c8", "user_id": "u8", "item_id": "i1", "exposure_id": "e0", "time": "2026-01-02T00:00:00Z"},
              {"click_id": "c9", "user_id": "u9", "item_id": "i1", "exposure_id": "e0", "time": "2026-01-02T00:00:00Z"}]}
            """;

    private final HttpClient client = HttpClient.newHttpClient();
    private final TestCluster cluster;
    private final IngestProcess ingest;

    IngestIT(@TempDir Path directory) {
        cluster =
                new TestCluster(directory, Map.of("topic.partitions", "1", "ingest.timeout", "10s", "batch.size", "2"));
        ingest = IngestProcess.start(cluster.settings(), TestCluster.metrics());
    }

    @AfterEach
    void stop() {
        ingest.close();
        cluster.close();
    }

    @Test
    void batchesSentAgainAfterOutagesLoseNothing() throws Exception {
        await().atMost(PATIENCE).until(() -> post(USER) == 202); // the first may come before the topics are known
        assertThat(post(ITEMS)).isEqualTo(202);
        cluster.stopBroker();

        assertThat(post(EVENTS)).isEqualTo(503);
        await().atMost(PATIENCE).until(() -> get("/readyz") == 503);
        assertThat(get("/livez")).isEqualTo(200);

        cluster.restartBroker();
        await().atMost(PATIENCE).until(() -> post(EVENTS) == 202);
        await().atMost(PATIENCE).until(() -> get("/readyz") == 200);
        await().atMost(PATIENCE).until(() -> post(NEXT_DAY) == 202);

        awaitBooks(Map.of(
                "items", Map.of("applied", 2L),
                "exposures", Map.of("clicked", 2L),
                "clicks", Map.of("attributed", 2L),
                "training-examples", Map.of("catalogue-change", 2L, "learnt", 2L)));
    }

    /** Waits until a trainer has these outcomes, whatever others there are. */
    private void awaitBooks(Map<String, Map<String, Long>> outcomes) {
        try (StreamRunner trainer = cluster.run();
                ProgressWatch progress = cluster.progress()) {
            await().atMost(PATIENCE)
                    .untilAsserted(() ->
                            outcomes.forEach((topic, expected) -> assertThat(TestCluster.outcomes(progress, topic))
                                    .as(topic)
                                    .containsAllEntriesOf(expected)));
            assertThat(trainer.failure()).isEmpty();
        }
    }

    private int post(String batch) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(ingest.url() + "/v1/events"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(batch)));
    }

    private int get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(ingest.url() + path)));
    }

    private int send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}
