package dev.millrace.serve;

import static dev.millrace.serve.RecallScene.NOW;
import static dev.millrace.serve.RecallScene.embedding;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.follow.FakeFeed;
import java.io.IOException;
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
    private static final String ASKED = "GET /v1/recall?user=u1";

    private volatile Runnable beforeEncoding = () -> {};
    private final RecallScene scene;
    private final Path directory;

    ServeMetricsTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
        scene = new RecallScene(directory.resolve("state"), FakeFeed.after(() -> beforeEncoding.run()));
        scene.fill();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void metricsTellLatencyFreshnessAndEmbeddings() throws Exception {
        scene.state().embedding(embedding("a", 8, NOW - 1_234, 1, 0), NOW, 0);
        scene.ask(ASKED);

        assertThat(scene.get("/metrics").body())
                .contains("millrace_http_request_seconds_bucket{endpoint=\"recall\",status=\"200\"")
                .containsPattern("millrace_http_request_recent_seconds\\{endpoint=\"recall\",of=\"p99\"} [0-9]")
                .contains("millrace_http_request_recent_seconds{endpoint=\"similar\",of=\"p50\"} NaN")
                .contains("millrace_freshness_seconds_count 1")
                .contains("millrace_freshness_recent_seconds{of=\"p99\"} 1.2")
                .contains("millrace_index_items 3.0")
                .contains("millrace_index_step 8.0")
                .contains("millrace_index_age_seconds 0.0")
                .contains("millrace_index_oldest_vector_seconds 3.0")
                .contains("millrace_index_vector_age_steps{of=\"max\"} 2.0")
                .contains("millrace_ready 1.0")
                .contains("millrace_index_embeddings_total{outcome=\"visible\"} 1.0")
                .contains("millrace_index_embeddings_total{outcome=\"building\"} 3.0")
                .contains("millrace_serve_model_updates_total 1.0")
                .contains("millrace_serve_user_updates_total 1.0")
                .contains("millrace_serve_undecodable_total{topic=\"generations\"} 0.0")
                .doesNotContain("u1");
    }

    @Test
    void answersCountOnceUnderWhatWasAsked() throws Exception {
        assertThat(scene.ask(ASKED).status()).isEqualTo(200);
        assertThat(scene.post("{\"user\": \"u1\"}").status()).isEqualTo(200);
        assertThat(scene.get("/v1/recall?user=u1&k=0").status()).isEqualTo(400);
        assertThat(scene.get("/v1/items/movie%2Fc").status()).isEqualTo(200);
        assertThat(scene.get("/%761/similar?item=nobody").status()).isEqualTo(404);
        assertThat(scene.post(" ".repeat(3_000)).status()).isEqualTo(413);
        assertThat(scene.ask(ASKED, "A: " + "x".repeat(9_000)).status()).isEqualTo(431); // no route sees it
        assertThat(scene.get("/v2/recall").status()).isEqualTo(404);
        beforeEncoding = () -> {
            throw new IllegalStateException("the encoder is broken");
        };
        try (LoggedWarnings logged = new LoggedWarnings()) {
            assertThat(scene.ask(ASKED).status()).isEqualTo(500);
            assertThat(logged.lines()).hasSize(1);
        }

        assertThat(counted(scene.port()))
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
        Path tokens = RecallScene.tokens(directory.resolve("tokens"), "read reader");
        String reader = "Authorization: Bearer reader";
        try (RecallServer server = scene.server(Optional.of(tokens), Optional.empty())) {
            RawClient.ask(server.port(), ASKED, "").problem(401);
            RawClient.ask(server.port(), "POST /v1/generations/rollback", "", reader)
                    .problem(403);

            assertThat(counted(server.port(), reader)).containsExactlyInAnyOrder("recall 401: 1", "other 403: 1");
        }
    }

    @Test
    void aRequestThatIsRefusedForOverloadIsCounted() throws Exception {
        CompletableFuture<Void> held = new CompletableFuture<>();
        beforeEncoding = held::join;
        List<RawClient> clients = new ArrayList<>();
        try (RecallServer server = scene.server(0, 20)) {
            for (int at = 0; at < 8 + 10 + 1; at++) { // a thread each, half the connections wait, and one too many
                clients.add(new RawClient(server.port()).send(RawClient.request(ASKED, "")));
            }
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(counted(server.port())).containsExactly("recall 503: 1"));
            held.complete(null);
            List<Integer> statuses = new ArrayList<>();
            for (RawClient each : clients) {
                statuses.add(each.answer().orElseThrow().status());
                each.close();
            }

            assertThat(statuses).containsOnly(200, 503).containsOnlyOnce(503);
            assertThat(counted(server.port())).containsExactlyInAnyOrder("recall 200: 18", "recall 503: 1");
        }
    }

    /** What the metrics count of requests other than of probes: endpoint, status and number. */
    private static List<String> counted(int port, String... headers) throws IOException {
        return COUNT.matcher(RawClient.ask(port, "GET /metrics", "", headers).body())
                .results()
                .filter(found -> !PROBES.contains(found.group(1)))
                .map(found -> found.group(1) + " " + found.group(2) + ": " + found.group(3))
                .toList();
    }

    @Test
    void aVectorThatIsNotFiniteNeverAnswersAndIsCounted() throws Exception {
        scene.state().embedding(embedding("b", 8, 0, Float.NaN, 0.6f), NOW - 1_000, 0);
        scene.state().embedding(embedding("d", 8, 0, Float.POSITIVE_INFINITY, 0), NOW - 1_000, 0);

        RawClient.Answer answer = scene.get("/v1/recall?user=u1&k=10");

        // b answers with the vector it had, d never had one
        assertThat(RecallScene.found(answer)).containsExactly("b", "movie/c");
        assertThat(answer.body()).doesNotContain("NaN", "Infinity");
        assertThat(scene.get("/metrics").body()).contains("millrace_index_embeddings_total{outcome=\"unusable\"} 2.0");
    }
}
