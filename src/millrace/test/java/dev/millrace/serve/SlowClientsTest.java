package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is slow, with whatever and however many connections, takes nothing from the others. */
@Tag("slow")
class SlowClientsTest {

    private static final int SLOW = 1_000;
    private static final int GOOD_A_SECOND = 200;

    private final RecallScene scene;
    private LoggedWarnings logged;

    SlowClientsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
    }

    @BeforeEach
    void start() {
        scene.fill();
        scene.fillWithItems(1_000);
        logged = new LoggedWarnings();
    }

    @AfterEach
    void stop() {
        scene.close();
        logged.close();
    }

    private static final List<SlowClients.Kind> KINDS = List.of(SlowClients.Kind.values());

    @Test
    void aThousandOfAllKindsCostNobodyAnAnswer() throws Exception {
        try (RecallServer server = scene.server(0, 2_048);
                SlowClients slow = new SlowClients(server.port(), SLOW, SlowClientsTest::ofAllKinds)) {
            assertThat(outcomes(server.url(), Duration.ofSeconds(12))).containsOnly("200");
            assertThat(slow.returns()).isPositive();
        }
        assertThat(logged.lines()).isEmpty();
    }

    private static SlowClients.Kind ofAllKinds(int client) {
        return KINDS.get(client % KINDS.size());
    }

    /** Sends a GET, a POST and a GET of health in turn, at a steady rate whether or not those before are answered. Returns their statuses. */
    private static List<String> outcomes(String url, Duration time) {
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        List<HttpRequest> kinds = List.of(
                request(url + "/v1/recall?user=u1").build(),
                request(url + "/v1/recall")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"user\": \"u1\"}"))
                        .build(),
                request(url + "/livez").build());
        long began = System.nanoTime();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int at = 0; at < GOOD_A_SECOND * time.toSeconds(); at++) {
            long due = began + at * 1_000_000_000L / GOOD_A_SECOND;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            answers.add(client.sendAsync(kinds.get(at % kinds.size()), HttpResponse.BodyHandlers.ofString())
                    .handle((answer, failure) ->
                            failure != null ? failure.toString() : Integer.toString(answer.statusCode())));
        }
        return answers.stream().map(CompletableFuture::join).toList();
    }

    private static HttpRequest.Builder request(String uri) {
        return HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(10));
    }
}
