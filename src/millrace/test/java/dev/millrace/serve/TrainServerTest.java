package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.access.HostNames;
import dev.millrace.stream.TopologyShape;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainServerTest {

    private final FakeHealth health = new FakeHealth();
    private final TrainServer server = new TrainServer(
                    new TrainServerSettings("127.0.0.1", 0, HostNames.none("train.http.hosts")),
                    health,
                    new TopologyShape(List.of()),
                    new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))
            .start();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void aTrainerThatWorksIsAliveAndReadyAndSaysOnWhatThatRests() throws Exception {
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        HttpResponse<String> ready = get("/readyz");
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.body()).isEqualTo("{\"ready\":true,\"cluster\":\"answering\"}");
        assertThat(get("/metrics").body()).contains("jvm_memory_used_bytes");
        assertThat(get("/topology").body()).isEqualTo("{\"parts\":[]}");
    }

    @ParameterizedTest
    @CsvSource({"true, false, 200, 503", "false, true, 503, 200"})
    void itTellsWhetherTheTrainerIsAliveAndReady(boolean isAlive, boolean isReady, int livez, int readyz)
            throws Exception {
        health.isAlive = isAlive;
        health.isReady = isReady;

        assertThat(get("/livez").statusCode()).isEqualTo(livez);
        assertThat(get("/livez").body()).isEqualTo("{\"alive\":" + isAlive + "}");
        assertThat(get("/readyz").statusCode()).isEqualTo(readyz);
    }

    @Test
    void anotherPathAndAnotherMethodAreProblems() throws Exception {
        HttpResponse<String> response = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(server.url() + "/livez"))
                                .DELETE()
                                .build(),
                        HttpResponse.BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).contains("GET, HEAD");
        assertThat(response.headers().firstValue("Content-Type")).contains(Problem.CONTENT_TYPE);
        assertThat(get("/v1/recall").statusCode()).isEqualTo(404);
    }

    @Test
    void itIsNotAskedByTheNameOfAStranger() throws Exception {
        int port = URI.create(server.url()).getPort();

        try (RawClient client = new RawClient(port)) {
            String stranger = " HTTP/1.1\r\nHost: evil.example\r\n\r\n";
            assertThat(client.send("GET /readyz" + stranger)
                            .answer()
                            .orElseThrow()
                            .status())
                    .isEqualTo(200);
            assertThat(client.send("GET /topology" + stranger)
                            .answer()
                            .orElseThrow()
                            .status())
                    .isEqualTo(421);
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(server.url() + path)).build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    /** Health as the test sets it. */
    private static final class FakeHealth implements TrainServer.Health {
        private volatile boolean isAlive = true;
        private volatile boolean isReady = true;

        @Override
        public boolean isAlive() {
            return isAlive;
        }

        @Override
        public boolean isReady() {
            return isReady;
        }

        @Override
        public Map<String, Object> detail() {
            return Map.of("cluster", "answering");
        }
    }
}
