package dev.millrace.serve;

import static dev.millrace.serve.RawClient.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.access.AccessSettings;
import io.javalin.Javalin;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server with small limits, whose endpoints wait, echo, and answer much. */
class WholeExchangesTest {

    private static final int THREADS = 2;
    private static final int CONNECTIONS = 8;
    private static final int LARGE = 4 << 20;

    private final CountDownLatch gate = new CountDownLatch(1);
    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<String> told = new CopyOnWriteArrayList<>(); // answers
    private @Nullable HttpSetup setup;
    private @Nullable Javalin server;

    @AfterEach
    void stop() throws Exception {
        gate.countDown();
        for (AutoCloseable each : open) {
            each.close();
        }
        setup().stop(server());
    }

    @Test
    void slowBodiesAreAProblemOnBusyConnectionsToo() throws Exception {
        start(new ClientLimits(CONNECTIONS, 10_000, 1 << 20, Duration.ofSeconds(1), 1_000));
        RawClient slow = client().send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
        CompletableFuture<Void> trickle = CompletableFuture.runAsync(() -> {
            for (int sent = 0; sent < 50 && setup().connections().count() > 0; sent++) {
                try {
                    slow.send("a");
                } catch (IOException closed) {
                    return;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        });

        Optional<RawClient.Answer> answer = slow.answer();

        assertThat(answer).isPresent();
        assertThat(answer.get().status()).isEqualTo(408);
        assertThat(answer.get().isProblem()).isTrue();
        assertThat(told).containsExactly("POST /echo 408");
        assertThat(setup().connections().lateCount()).isEqualTo(1);
        trickle.get(10, TimeUnit.SECONDS);
        await(() -> setup().connections().count() == 0);
    }

    @Test
    void anAnswerThatIsNotTakenIsGivenUp() throws Exception {
        start(new ClientLimits(CONNECTIONS, 10_000, 64 << 20, Duration.ofSeconds(1), 1_000));

        client().send(request("GET /large", ""));

        await(() -> setup().connections().lateCount() == 1);
        await(() -> setup().connections().count() == 0);
    }

    @Test
    void anAnswerThatIsTakenInTimeIsWhole() throws Exception {
        start(new ClientLimits(CONNECTIONS, 10_000, 64 << 20, Duration.ofSeconds(30), 1_000));
        RawClient client = client();

        for (int times = 0; times < 3; times++) {
            assertThat(client.send(request("GET /large", ""))
                            .answer()
                            .orElseThrow()
                            .body())
                    .hasSize(LARGE);
        }
    }

    @Test
    void healthIsAnsweredWhileAllOthersWait() throws Exception {
        start(new ClientLimits(CONNECTIONS, 10_000, 1 << 20, Duration.ofSeconds(30), 1_000));
        List<RawClient> waiting = new ArrayList<>();
        for (int at = 0; at < THREADS + CONNECTIONS / 2; at++) {
            waiting.add(client().send(request("GET /gate", "")));
        }
        await(() -> setup().threads().waitingQuestions() == CONNECTIONS / 2);

        RawClient.Answer beyond =
                client().send(request("GET /gate", "")).answer().orElseThrow();
        RawClient.Answer health =
                client().send(request("GET /livez", "")).answer().orElseThrow();
        gate.countDown();

        assertThat(beyond.status()).isEqualTo(503);
        assertThat(beyond.isProblem()).isTrue();
        assertThat(beyond.head()).contains("Retry-After: 1");
        assertThat(health.status()).isEqualTo(200);
        for (RawClient each : waiting) {
            assertThat(each.answer().orElseThrow().status()).isEqualTo(200);
        }
        assertThat(told).containsOnlyOnce("GET /gate 503", "GET /livez 200").contains("GET /gate 200");
        assertThat(told).hasSize(2 + waiting.size());
    }

    @Test
    void aSingleQuestionIsAnsweredWhileBatchesWait() throws Exception {
        start(new ClientLimits(CONNECTIONS, 10_000, 1 << 20, Duration.ofSeconds(30), 1_000));
        String batch = " { \"requests\" : [{}]}";
        List<RawClient> waiting = new ArrayList<>();
        for (int at = 0; at < THREADS + 1; at++) { // more than there are threads for single questions
            waiting.add(client().send(request("POST /gate", batch)));
        }
        await(() -> setup().threads().waitingBatches() == THREADS); // all but one

        RawClient.Answer single =
                client().send(request("POST /echo", "{}")).answer().orElseThrow();
        gate.countDown();

        assertThat(single.body()).isEqualTo("{}");
        for (RawClient each : waiting) {
            assertThat(each.answer().orElseThrow().status()).isEqualTo(200);
        }
    }

    @Test
    void aConnectionThatIsBeingAnsweredIsNotDisplaced() throws Exception {
        start(new ClientLimits(2, 10_000, 1 << 20, Duration.ofSeconds(30), 1_000));
        RawClient first = client().send(request("GET /gate", ""));
        await(() -> setup().threads().busyQuestions() == 1);
        RawClient second = client();
        assertThat(answeredBy(second)).contains(200);

        assertThat(answeredBy(client())).contains(200);
        gate.countDown();

        assertThat(second.answer()).isEmpty();
        assertThat(first.answer().orElseThrow().status()).isEqualTo(200);
    }

    @Test
    void asManySlowHeadsAsConnectionsShutNobodyOut() throws Exception {
        start(new ClientLimits(CONNECTIONS, 10_000, 1 << 20, Duration.ofSeconds(30), 1_000));
        for (int at = 0; at < CONNECTIONS; at++) {
            client().send("GET /livez HTTP/1.1\r\nHost: a\r\nX: ");
        }
        await(() -> setup().connections().count() == CONNECTIONS);

        assertThat(answeredBy(client())).contains(200);
        assertThat(setup().connections().displacedCount()).isEqualTo(1);
    }

    @Test
    void bodiesOnTheirWayFillNoMoreMemoryThanTheyMay() throws Exception {
        start(new ClientLimits(CONNECTIONS, 8_000, 10_000, Duration.ofSeconds(30), 1_000));
        String half = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n" + "x".repeat(6_000);
        RawClient first = client().send(half);
        await(() -> setup().connections().heldBytes() == 6_000);

        RawClient second = client().send(half);
        await(() -> setup().connections().displacedCount() == 1);
        second.send("x".repeat(2_000));

        assertThat(first.answer()).isEmpty();
        assertThat(second.answer().orElseThrow().body()).hasSize(8_000);
        await(() -> setup().connections().heldBytes() == 0);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        start(new ClientLimits(CONNECTIONS, 10_000, 1 << 20, Duration.ofSeconds(30), 1_000));
        StringBuilder row = new StringBuilder();
        for (int at = 0; at < 50; at++) {
            row.append(request("POST /echo", Integer.toString(10 + at)));
        }

        RawClient client = client().send(row.toString());

        for (int at = 0; at < 50; at++) {
            assertThat(client.answer().orElseThrow().body()).isEqualTo(Integer.toString(10 + at));
        }
    }

    private void start(ClientLimits limits) {
        told.clear();
        setup = new HttpSetup("127.0.0.1", 0, AccessSettings.open("serve."), limits, THREADS, Duration.ofSeconds(5));
        server = Javalin.create(config -> {
                    setup().applyTo(config, path -> "GET");
                    config.routes.get("/gate", request -> gate.await());
                    config.routes.post("/gate", request -> gate.await());
                    config.routes.get("/livez", request -> request.result("alive"));
                    config.routes.get("/large", request -> request.result("x".repeat(LARGE)));
                    config.routes.post("/echo", request -> request.result(request.bodyAsBytes()));
                    setup().tell(config, (method, path, status, nanos) -> told.add(method + " " + path + " " + status));
                })
                .start();
    }

    private RawClient client() throws IOException {
        RawClient client = new RawClient(server().port());
        open.add(client);
        return client;
    }

    private static Optional<Integer> answeredBy(RawClient client) throws IOException {
        return client.send(request("GET /livez", "")).answer().map(RawClient.Answer::status);
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(condition);
    }

    private HttpSetup setup() {
        return Objects.requireNonNull(setup);
    }

    private Javalin server() {
        return Objects.requireNonNull(server);
    }
}
