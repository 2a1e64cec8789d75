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
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is slow, with whatever and however many connections, takes nothing from the others. */
@Tag("slow")
class SlowClientsTest {

    private static final int SLOW = 1_000;
    private static final int GOOD_A_SECOND = 200;
    /** More would come from a machine that gives this process no time. */
    private static final int MOST_OPEN = 64;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final RecallScene scene;

    SlowClientsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
        scene.fill();
        for (int at = 0; at < 1_000; at++) { // for large answers
            float[] vector = {(float) Math.cos(at), (float) Math.sin(at)};
            scene.state().embedding(RecallScene.embedding("item-" + at, 5, 0, vector), RecallScene.NOW, 0);
        }
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void aThousandOfAllKindsDelayNobody() throws Exception {
        try (LoggedWarnings logged = new LoggedWarnings();
                RecallServer server = scene.server(0, 2_048)) {
            outcomes(server.url(), 8); // warms up
            try (SlowClients slow = new SlowClients(server.port(), SLOW)) {
                assertThat(outcomes(server.url(), 12)).containsOnly("200");
            }
            assertThat(logged.lines()).isEmpty();
        }
    }

    /**
     * Clients that behave send a GET, a POST and a GET of health in turn, at a steady rate whether or not those before are answered, but for
     * {@link #MOST_OPEN} that are not.
     */
    private static List<String> outcomes(String url, int seconds) {
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofString("{\"user\": \"u1\"}");
        List<HttpRequest> kinds = Stream.of(
                        HttpRequest.newBuilder(URI.create(url + "/v1/recall?user=u1")),
                        HttpRequest.newBuilder(URI.create(url + "/v1/recall")).POST(body),
                        HttpRequest.newBuilder(URI.create(url + "/livez")))
                .map(kind -> kind.timeout(PATIENCE).build())
                .toList();
        long began = System.nanoTime();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        Semaphore open = new Semaphore(MOST_OPEN);
        for (int at = 0; at < GOOD_A_SECOND * seconds; at++) {
            long due = began + at * 1_000_000_000L / GOOD_A_SECOND;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            open.acquireUninterruptibly();
            answers.add(client.sendAsync(kinds.get(at % kinds.size()), HttpResponse.BodyHandlers.discarding())
                    .handle((answer, failure) -> {
                        open.release();
                        return failure != null ? failure.toString() : Integer.toString(answer.statusCode());
                    }));
        }
        return answers.stream().map(CompletableFuture::join).toList();
    }
}
