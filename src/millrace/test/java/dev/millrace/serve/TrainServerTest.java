package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.access.HostNames;
import dev.millrace.stream.TopologyShape;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainServerTest {

    private final FakeHealth health = new FakeHealth();
    private final TrainServer server = new TrainServer(
                    new TrainServerSettings("train.http.", "127.0.0.1", 0, HostNames.none("train.http.hosts")),
                    health,
                    new TopologyShape(List.of()),
                    new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))
            .start();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void workingTrainersAreReadyAndSayWhy() throws Exception {
        RawClient.Answer ready = ask("GET /readyz");
        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.body()).isEqualTo("{\"ready\":true,\"cluster\":\"answering\"}");
        assertThat(ask("GET /metrics").body()).contains("jvm_memory_used_bytes");
        assertThat(ask("GET /topology").body()).isEqualTo("{\"parts\":[]}");
    }

    @ParameterizedTest
    @CsvSource({"true, true, 200, 200", "true, false, 200, 503", "false, true, 503, 200"})
    void itTellsWhetherTheTrainerIsAliveAndReady(boolean isAlive, boolean isReady, int livez, int readyz)
            throws Exception {
        health.isAlive = isAlive;
        health.isReady = isReady;

        assertThat(ask("GET /livez").status()).isEqualTo(livez);
        assertThat(ask("GET /livez").body()).isEqualTo("{\"alive\":" + isAlive + "}");
        assertThat(ask("GET /readyz").status()).isEqualTo(readyz);
    }

    @Test
    void otherPathsMethodsAndHostsAreProblems() throws Exception {
        ask("DELETE /livez").problem(405);
        assertThat(ask("DELETE /livez").header("Allow")).isEqualTo("GET, HEAD");
        ask("GET /v1/recall").problem(404);
        ask("GET /topology", "Host: evil.example").problem(421);
        assertThat(ask("GET /readyz", "Host: evil.example").status()).isEqualTo(200);
    }

    private RawClient.Answer ask(String line, String... headers) throws Exception {
        return RawClient.askTrainer(URI.create(server.url()).getPort(), line, "", headers);
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
