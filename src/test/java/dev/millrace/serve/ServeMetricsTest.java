package dev.millrace.serve;

import static dev.millrace.serve.RecallScene.NOW;
import static dev.millrace.serve.RecallScene.embedding;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeMetricsTest {

    private final RecallScene scene;

    ServeMetricsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
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
