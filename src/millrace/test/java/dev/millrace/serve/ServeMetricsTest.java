package dev.millrace.serve;

import static dev.millrace.serve.RecallScene.NOW;
import static dev.millrace.serve.RecallScene.embedding;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.access.AccessSettings;
import dev.millrace.access.HostNames;
import dev.millrace.follow.FakeFeed;
import dev.millrace.state.Sha256;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeMetricsTest {

    private static final Pattern COUNT = Pattern.compile(
            "(?m)^millrace_http_request_seconds_count\\{endpoint=\"([^\"]+)\",status=\"(\\d+)\"} (\\d+)");
    private static final Set<String> PROBES = Set.of("livez", "readyz", "metrics");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private volatile Runnable beforeEncoding = () -> {};
    private final RecallScene scene;
    private final Path directory;

    ServeMetricsTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
        scene = new RecallScene(directory.resolve("state"), FakeFeed.after(() -> beforeEncoding.run()));
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void metricsTellLatencyFreshnessAndWhatBecameOfEmbeddings() throws Exception {
        scene.fill();
        scene.state().embedding(embedding("a", 8, NOW - 1_234, 1, 0), NOW, 0);
        scene.get("/v1/recall?user=u1");

        String metrics = scene.get("/metrics").body();

        assertThat(metrics)
                .contains("millrace_http_request_seconds_bucket{endpoint=\"recall\",status=\"200\"")
                .containsPattern("millrace_http_request_recent_seconds\\{endpoint=\"recall\",of=\"p99\"} [0-9]")
                .contains("millrace_http_request_recent_seconds{endpoint=\"similar\",of=\"p50\"} NaN")
                .contains("millrace_freshness_seconds_count 1")
                .contains("millrace_freshness_recent_seconds{of=\"p99\"} 1.2")
                .contains("millrace_index_items 3.0")
                .contains("millrace_index_step 8.0")
                .contains("millrace_index_age_seconds 0.0")
                .contains("millrace_ready 1.0")
                .contains("millrace_index_embeddings_total{outcome=\"visible\"} 1.0")
                .contains("millrace_index_embeddings_total{outcome=\"building\"} 3.0")
                .contains("millrace_serve_user_updates_total 1.0")
                .doesNotContain("u1");
    }

    @Test
    void anAnswerCountsOnceUnderWhatWasAskedWhateverBecameOfIt() throws Exception {
        scene.fill();
        assertThat(scene.get("/v1/recall?user=u1").statusCode()).isEqualTo(200);
        assertThat(scene.post("{\"user\": \"u1\"}").statusCode()).isEqualTo(200);
        assertThat(scene.get("/v1/recall?user=u1&k=0").statusCode()).isEqualTo(400);
        assertThat(scene.get("/v1/items/movie%2Fc").statusCode()).isEqualTo(200);
        assertThat(scene.get("/%761/similar?item=nobody").statusCode()).isEqualTo(404);
        assertThat(status(scene.port(), "POST /v1/recall HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000\r\n\r\n"))
                .isEqualTo(413);
        assertThat(status(
                        scene.port(),
                        "GET /v1/recall HTTP/1.1\r\nHost: localhost\r\nA: " + "x".repeat(9_000) + "\r\n\r\n"))
                .isEqualTo(431); // no route sees it
        assertThat(scene.get("/v2/recall").statusCode()).isEqualTo(404);
        beforeEncoding = () -> {
            throw new IllegalStateException("the encoder is broken");
        };
        try (LoggedWarnings logged = new LoggedWarnings()) {
            assertThat(scene.get("/v1/recall?user=u1").statusCode()).isEqualTo(500);
            assertThat(logged.lines()).hasSize(1);
        }

        assertThat(counted(scene.get("/metrics").body()))
                .containsExactlyInAnyOrder(
                        "recall 200: 1",
                        "recall-post 200: 1",
                        "recall 400: 1",
                        "items 200: 1",
                        "similar 404: 1",
                        "recall-post 413: 1",
                        "recall 431: 1",
                        "other 404: 1",
                        "recall 500: 1");
    }

    @Test
    void aRequestWithoutTheRightTokenIsCounted() throws Exception {
        scene.fill();
        Path tokens = Files.writeString(directory.resolve("tokens"), "read sha256:" + Sha256.hex("reader") + "\n");
        String reader = "Authorization: Bearer reader\r\n\r\n";
        try (RecallServer server = scene.server(
                new AccessSettings("serve.", Optional.of(tokens), Optional.empty(), HostNames.none("serve.hosts")))) {
            assertThat(status(server.port(), "GET /v1/recall?user=u1 HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                    .isEqualTo(401);
            assertThat(status(server.port(), "POST /v1/generations/rollback HTTP/1.1\r\nHost: localhost\r\n" + reader))
                    .isEqualTo(403);

            assertThat(counted(answer(server.port(), "GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + reader)
                            .body()))
                    .containsExactlyInAnyOrder("recall 401: 1", "other 403: 1");
        }
    }

    @Test
    void aRequestThatIsRefusedForOverloadIsCounted() throws Exception {
        scene.fill();
        CompletableFuture<Void> held = new CompletableFuture<>();
        beforeEncoding = held::join;
        List<RawClient> clients = new ArrayList<>();
        try (RecallServer server = scene.server(0, 20)) {
            for (int at = 0; at < 8 + 10 + 1; at++) { // a thread each, half the connections wait, and one too many
                clients.add(new RawClient(server.port())
                        .send("GET /v1/recall?user=u1 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            }
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(counted(metrics(server))).containsExactly("recall 503: 1"));
            held.complete(null);
            List<Integer> statuses = new ArrayList<>();
            for (RawClient each : clients) {
                statuses.add(each.answer().orElseThrow().status());
                each.close();
            }

            assertThat(statuses).containsOnly(200, 503).containsOnlyOnce(503);
            assertThat(counted(metrics(server))).containsExactlyInAnyOrder("recall 200: 18", "recall 503: 1");
        }
    }

    private static String metrics(RecallServer server) throws IOException {
        return answer(server.port(), "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .body();
    }

    private static int status(int port, String request) throws IOException {
        return answer(port, request).status();
    }

    private static RawClient.Answer answer(int port, String request) throws IOException {
        try (RawClient client = new RawClient(port)) {
            return client.send(request).answer().orElseThrow();
        }
    }

    /** What the metrics count of requests other than of probes: endpoint, status and number. */
    private static List<String> counted(String metrics) {
        return COUNT.matcher(metrics)
                .results()
                .filter(found -> !PROBES.contains(found.group(1)))
                .map(found -> found.group(1) + " " + found.group(2) + ": " + found.group(3))
                .toList();
    }

    @Test
    void aVectorThatIsNotFiniteNeverAnswersAndIsCounted() throws Exception {
        scene.fill();

        scene.state().embedding(embedding("b", 8, 0, Float.NaN, 0.6f), NOW - 1_000, 0);
        scene.state().embedding(embedding("d", 8, 0, Float.POSITIVE_INFINITY, 0), NOW - 1_000, 0);

        HttpResponse<String> answer = scene.get("/v1/recall?user=u1&k=10");
        assertThat(answer.statusCode()).isEqualTo(200);
        // b answers with the vector it had, d never had one
        assertThat(answer.body()).contains("\"b\"").doesNotContain("\"d\"", "NaN", "Infinity");
        assertThat(scene.get("/metrics").body()).contains("millrace_index_embeddings_total{outcome=\"unusable\"} 2.0");
    }
}
