package dev.millrace.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.millrace.serve.OpenApi;
import dev.millrace.serve.OpenApi.Exchange;
import dev.millrace.serve.RawClient;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Sha256;
import dev.millrace.stream.Streams;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.wire.EventRecords;
import io.javalin.Javalin;
import io.javalin.http.HandlerType;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IngestServerTest {

    private static final String CLICK =
            "{\"click_id\":\"c1\",\"user_id\":\"u1\",\"item_id\":\"i1\",\"time\":\"2026-01-01T00:00:00Z\"}";
    private static final String BATCH = "{\"clicks\":[" + CLICK + "]}";
    private static final OpenApi API = OpenApi.SHIPPED;
    private static final String SEND = "POST /v1/events";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final String JSON = "Content-Type: application/json";

    private final FakeBrokers brokers = new FakeBrokers();
    private IngestServer server = server();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aBatchIsAcceptedWhenTheBrokersHaveAcknowledgedIt() throws Exception {
        brokers.hold();
        CompletableFuture<RawClient.Answer> answer = later();
        brokers.awaitEvents();
        assertThat(answer).isNotDone();

        brokers.release();

        assertThat(answer.get().status()).isEqualTo(202);
        assertThat(answer.get().body())
                .isEqualTo("{\"exposures\":0,\"clicks\":1,\"users\":0,\"items\":0,\"removed_items\":0}");
        assertThat(brokers.delivered()).extracting(Event::topic, Event::key).containsExactly(tuple("clicks", "u1"));
    }

    /** A page of another site can send the types that are refused from a browser without asking. */
    @ParameterizedTest
    @CsvSource({
        "application/json, 202",
        "application/json; charset=utf-8, 202",
        "application/x-ndjson, 202",
        "text/plain, 415",
        "application/x-www-form-urlencoded, 415",
        "multipart/form-data, 415",
        "'', 415"
    })
    void onlyJsonAndJsonLinesAreTaken(String type, int status) throws Exception {
        RawClient.Answer answer = ask("POST /v1/events", BATCH + "\n" + BATCH, "Content-Type: " + type);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(brokers.delivered()).hasSize(status == 202 ? 2 : 0);
    }

    @Test
    void oneUnusableEventRefusesTheWholeBatchAndIsNamed() throws Exception {
        RawClient.Answer refused = post("{\"clicks\":[" + CLICK + ",{\"click_id\":\"c2\"}]}");

        assertThat(refused.problem(422)).startsWith("clicks[1], line 1: user_id");
        assertThat(refused.text("/unusable")).isEqualTo("1");
        assertThat(refused.json().path("events"))
                .hasToString("[{\"event\":\"clicks[1]\",\"line\":1,\"reason\":\"undecodable\","
                        + "\"detail\":\"user_id is required, and absent or null\"}]");
        assertThat(brokers.delivered()).isEmpty();
    }

    @Test
    void whatIsNoBatchIsRefused() throws Exception {
        RawClient.Answer malformed = post("{\"clicks\":[");
        malformed.problem(400);
        assertThat(malformed.json().has("events")).isFalse();
        post("{\"views\":[]}").problem(400);
        post("").problem(400);
        post("{\"clicks\":[" + " ".repeat(2_000) + "]}").problem(413);
        assertThat(brokers.delivered()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBatchThatTheBrokersDoNotTakeIsToBeSentAgain(boolean areSilent) throws Exception {
        if (areSilent) {
            brokers.silence();
        } else {
            brokers.refuse();
        }

        RawClient.Answer unavailable = post(BATCH);

        assertThat(unavailable.problem(503))
                .contains(areSilent ? "no broker answers" : "no acknowledgement within 10000 ms");
        assertThat(unavailable.header("Retry-After")).isEqualTo("1");
        assertThat(brokers.delivered()).isEmpty();
    }

    @Test
    void whatAPageFromElsewhereMaySendIsRefused() throws Exception {
        post(BATCH, "Origin: http://evil.example").problem(403);
        assertThat(brokers.delivered()).isEmpty();

        restart("ingest.hosts", "shop.example.org");
        assertThat(post(BATCH, "Origin: https://shop.example.org").status()).isEqualTo(202);
    }

    @Test
    void eachEventCountsForTheRate() throws Exception {
        restart("ingest.max-rate", "1");
        String ten = "{\"clicks\":[" + String.join(",", Collections.nCopies(10, CLICK)) + "]}";

        assertThat(post(ten).status()).isEqualTo(202); // a second's worth is there, and now ten are owed

        RawClient.Answer refused = post(BATCH);
        refused.problem(429);
        assertThat(refused.header("Retry-After")).isEqualTo("1");
        assertThat(brokers.delivered()).hasSize(10);
    }

    @Test
    void onlyAWriterMaySend(@TempDir Path folder) throws Exception {
        Path tokens = Files.writeString(
                folder.resolve("tokens"),
                "read sha256:" + Sha256.hex("reader") + "\nwrite sha256:" + Sha256.hex("writer") + "\n");
        restart("ingest.tokens.file", tokens.toString());

        post(BATCH).problem(401);
        post(BATCH, "Authorization: Bearer nobody").problem(401);
        post(BATCH, "Authorization: Bearer reader").problem(403);
        assertThat(brokers.delivered()).isEmpty();
        assertThat(post(BATCH, "Authorization: Bearer writer").status()).isEqualTo(202);
        assertThat(get("/livez").status()).isEqualTo(200);
        assertThat(get("/metrics").status()).isEqualTo(401);
        assertThat(ask("GET /metrics", "", "Authorization: Bearer reader").status())
                .isEqualTo(200);
    }

    @Test
    void healthSaysWhetherTheBrokersAnswer() throws Exception {
        assertThat(get("/livez").body()).isEqualTo("{\"alive\":true}");
        assertThat(get("/readyz").body()).isEqualTo("{\"ready\":true,\"brokers\":\"answering\"}");

        brokers.silence();

        assertThat(get("/livez").status()).isEqualTo(200);
        assertThat(get("/readyz").status()).isEqualTo(503);
        assertThat(get("/readyz").body()).isEqualTo("{\"ready\":false,\"brokers\":\"silent\"}");
    }

    @Test
    void metricsCountWhatWasTakenAndWhatWasNot() throws Exception {
        post(BATCH);
        post(BATCH);
        post("{\"users\":[{},{}]}");
        post("{\"removed_items\":[\"i1\",\"i2\",\"i3\"]}");
        post(" ".repeat(2_000)).problem(413);
        get("/v1/recall?user=u1").problem(404);
        brokers.breakDown();
        post(BATCH).problem(500);

        assertThat(get("/metrics").body())
                .contains("millrace_ingest_events_total{topic=\"clicks\"} 2.0")
                .contains("millrace_ingest_events_total{topic=\"items\"} 3.0")
                .contains("millrace_ingest_events_total{topic=\"users\"} 0.0")
                .contains("millrace_ingest_unusable_total{reason=\"undecodable\"} 2.0")
                .contains("millrace_ingest_waiting_bytes 77.0")
                .contains("millrace_ready 1.0")
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"202\"} 3")
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"422\"} 1")
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"500\"} 1")
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"413\"} 1")
                .contains("millrace_http_request_seconds_count{endpoint=\"other\",status=\"404\"} 1")
                .contains("millrace_http_connections ")
                .doesNotContain("u1");
    }

    @Test
    void otherPathsAndMethodsAreProblems() throws Exception {
        RawClient.Answer asked = get("/v1/events");
        assertThat(asked.problem(405)).contains("POST");
        assertThat(asked.header("Allow")).isEqualTo("POST");
        assertThat(ask("DELETE /v1/items/i1", "").problem(404)).contains("to remove items, POST ");
    }

    /** Jetty by itself gives the connection of a request a second. */
    @Test
    void aStopAnswersTheBatchUnderDelivery() throws Exception {
        int port = port();
        brokers.hold();
        CompletableFuture<RawClient.Answer> answer = later();
        brokers.awaitEvents();

        CompletableFuture<Void> stop = CompletableFuture.runAsync(server::close);
        await("no more requests are taken").atMost(PATIENCE).until(() -> isRefused(port));
        assertThat(stop).isNotDone();
        CompletableFuture.delayedExecutor(1_500, TimeUnit.MILLISECONDS).execute(brokers::release);

        assertThat(answer.get().status()).isEqualTo(202);
        assertThat(answer.get().header("Connection")).isEqualTo("close");
        stop.get();
    }

    @Test
    void whatIsDescribedIsThereAndNothingElse() throws Exception {
        List<OpenApi.Operation> described = API.operations().stream()
                .filter(one ->
                        Set.of("/v1/events", "/livez", "/readyz", "/metrics").contains(one.path()))
                .toList();
        List<String> routes = Javalin.create(server::configure).unsafe.internalRouter.allHttpHandlers().stream()
                .map(route -> route.endpoint)
                .filter(route -> route.method.isHttpMethod() && !route.method.equals(HandlerType.HEAD))
                .map(route -> route.method.name() + " " + route.path)
                .toList();
        OpenApi.Operation send = described.get(0);
        List<Exchange> exchanges = new ArrayList<>();
        for (String body : API.examples(send)) {
            exchanges.add(new Exchange(SEND, post(body)));
        }
        exchanges.add(new Exchange(SEND, post("{\"clicks\": [{}]}")));
        exchanges.add(new Exchange(SEND, post("{\"unknown\": []}")));
        exchanges.add(new Exchange(SEND, ask(SEND, BATCH)));
        exchanges.add(new Exchange("GET /readyz", get("/readyz")));
        brokers.silence();
        exchanges.add(new Exchange(SEND, post(BATCH)));
        exchanges.add(new Exchange("GET /readyz", get("/readyz")));

        assertThat(described).extracting(OpenApi.Operation::toString).containsExactlyInAnyOrderElementsOf(routes);
        assertThat(API.members("Events"))
                .isEqualTo(OpenApi.known(exchanges.get(2).answer()));
        assertThat(API.unshown(
                        List.of(send.pointer() + "/responses", "/components/schemas/BrokerReadiness"), exchanges))
                .allMatch(entry -> entry.startsWith("/components/schemas/Problem/"));
    }

    private static boolean isRefused(int port) {
        try {
            RawClient.ask(port, "GET /livez", "");
            return false;
        } catch (IOException | NoSuchElementException refused) {
            return true;
        }
    }

    private CompletableFuture<RawClient.Answer> later() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return post(BATCH);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
    }

    private void restart(String setting, String value) {
        server.close();
        server = server(setting, value);
    }

    private IngestServer server(String... setting) {
        Map<String, String> given = new HashMap<>(Map.of("ingest.port", "0", "ingest.max-body-bytes", "1024"));
        if (setting.length > 0) {
            given.put(setting[0], setting[1]);
        }
        SettingsReader reader = new SettingsReader(given);
        IngestSettings read = IngestSettings.read(reader);
        reader.finish();
        return new IngestServer(
                        read,
                        Duration.ofHours(1),
                        new EventRecords(Streams.wire()),
                        Streams.topics(),
                        brokers,
                        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))
                .start();
    }

    private RawClient.Answer post(String body, String... headers) throws IOException {
        return ask(
                "POST /v1/events",
                body,
                Stream.concat(Stream.of(JSON), Stream.of(headers)).toArray(String[]::new));
    }

    private RawClient.Answer get(String target) throws IOException {
        return ask("GET " + target, "");
    }

    private RawClient.Answer ask(String line, String body, String... headers) throws IOException {
        return RawClient.ask(port(), line, body, headers);
    }

    private int port() {
        return URI.create(server.url()).getPort();
    }
}
