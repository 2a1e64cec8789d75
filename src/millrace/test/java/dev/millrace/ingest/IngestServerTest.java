package dev.millrace.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Sha256;
import dev.millrace.stream.Streams;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.wire.EventRecords;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path folder;
    private final FakeBrokers brokers = new FakeBrokers();
    private final HttpClient client = HttpClient.newHttpClient();
    private IngestServer server = server();

    IngestServerTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aBatchIsAcceptedWhenTheBrokersHaveAcknowledgedIt() throws Exception {
        brokers.hold();
        CompletableFuture<HttpResponse<String>> answer =
                client.sendAsync(events(BATCH).build(), HttpResponse.BodyHandlers.ofString());
        brokers.awaitEvents();
        assertThat(answer).isNotDone();

        brokers.release();

        assertThat(answer.get().statusCode()).isEqualTo(202);
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
        HttpResponse<String> answer = send(events(BATCH + "\n" + BATCH).setHeader("Content-Type", type));

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(brokers.delivered()).hasSize(status == 202 ? 2 : 0);
    }

    @Test
    void oneUnusableEventRefusesTheWholeBatchAndIsNamed() throws Exception {
        HttpResponse<String> refused = send(events("{\"clicks\":[" + CLICK + ",{\"click_id\":\"c2\"}]}"));

        JsonNode problem = assertProblem(refused, 422);
        assertThat(problem.path("detail").asText())
                .isEqualTo("clicks[1], line 1: user_id is required, and absent or null");
        assertThat(problem.path("events"))
                .hasToString("[{\"event\":\"clicks[1]\",\"line\":1,\"reason\":\"undecodable\","
                        + "\"detail\":\"user_id is required, and absent or null\"}]");
        assertThat(brokers.delivered()).isEmpty();
    }

    @Test
    void whatIsNoBatchIsRefused() throws Exception {
        assertProblem(send(events("{\"clicks\":[")), 400);
        assertProblem(send(events("{\"views\":[]}")), 400);
        assertProblem(send(events("")), 400);
        assertProblem(send(events("{\"clicks\":[" + " ".repeat(2_000) + "]}")), 413);
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

        HttpResponse<String> unavailable = send(events(BATCH));

        assertThat(assertProblem(unavailable, 503).path("detail").asText())
                .contains(areSilent ? "no broker answers" : "no acknowledgement within 10000 ms");
        assertThat(unavailable.headers().firstValue("Retry-After")).contains("1");
        assertThat(brokers.delivered()).isEmpty();
    }

    @Test
    void whatAPageFromElsewhereMaySendIsRefused() throws Exception {
        assertProblem(send(events(BATCH).header("Origin", "http://evil.example")), 403);
        assertThat(brokers.delivered()).isEmpty();

        server.close();
        server = server("ingest.hosts", "shop.example.org");
        assertThat(send(events(BATCH).header("Origin", "https://shop.example.org"))
                        .statusCode())
                .isEqualTo(202);
    }

    @Test
    void eachEventCountsForTheRate() throws Exception {
        server.close();
        server = server("ingest.max-rate", "1");
        String ten = "{\"clicks\":[" + String.join(",", Collections.nCopies(10, CLICK)) + "]}";

        assertThat(send(events(ten)).statusCode()).isEqualTo(202); // a second's worth is there, and now ten are owed

        HttpResponse<String> refused = send(events(BATCH));
        assertProblem(refused, 429);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        assertThat(brokers.delivered()).hasSize(10);
    }

    @Test
    void onlyAWriterMaySend() throws Exception {
        Path tokens = Files.writeString(
                folder.resolve("tokens"),
                "read sha256:" + Sha256.hex("reader") + "\nwrite sha256:" + Sha256.hex("writer") + "\n");
        server.close();
        server = server("ingest.tokens.file", tokens.toString());

        assertProblem(send(events(BATCH)), 401);
        assertProblem(send(events(BATCH).header("Authorization", "Bearer nobody")), 401);
        assertProblem(send(events(BATCH).header("Authorization", "Bearer reader")), 403);
        assertThat(brokers.delivered()).isEmpty();
        assertThat(send(events(BATCH).header("Authorization", "Bearer writer")).statusCode())
                .isEqualTo(202);
        assertThat(send(request("/livez")).statusCode()).isEqualTo(200);
        assertThat(send(request("/metrics")).statusCode()).isEqualTo(401);
        assertThat(send(request("/metrics").header("Authorization", "Bearer reader"))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void healthSaysWhetherTheBrokersAnswer() throws Exception {
        assertThat(send(request("/livez")).body()).isEqualTo("{\"alive\":true}");
        assertThat(send(request("/readyz")).body()).isEqualTo("{\"ready\":true,\"brokers\":\"answering\"}");

        brokers.silence();

        assertThat(send(request("/livez")).statusCode()).isEqualTo(200);
        assertThat(send(request("/readyz")).statusCode()).isEqualTo(503);
        assertThat(send(request("/readyz")).body()).isEqualTo("{\"ready\":false,\"brokers\":\"silent\"}");
    }

    @Test
    void metricsCountWhatWasTakenAndWhatWasNot() throws Exception {
        send(events(BATCH));
        send(events(BATCH));
        send(events("{\"users\":[{},{}]}"));
        send(events("{\"removed_items\":[\"i1\",\"i2\",\"i3\"]}"));

        String metrics = send(request("/metrics")).body();

        assertThat(metrics)
                .contains("millrace_ingest_events_total{topic=\"clicks\"} 2.0")
                .contains("millrace_ingest_events_total{topic=\"items\"} 3.0")
                .contains("millrace_ingest_events_total{topic=\"users\"} 0.0")
                .contains("millrace_ingest_unusable_total{reason=\"undecodable\"} 2.0")
                .contains("millrace_ingest_waiting_bytes 77.0")
                .contains("millrace_ready 1.0")
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"202\"} 3")
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"422\"} 1")
                .contains("millrace_http_connections ")
                .doesNotContain("u1");
    }

    @Test
    void aBatchThatEndsInADefectIsCounted() throws Exception {
        brokers.breakDown();
        assertProblem(send(events(BATCH)), 500);
        assertProblem(send(events(" ".repeat(2_000))), 413);
        assertProblem(send(request("/v1/recall?user=u1")), 404);

        assertThat(send(request("/metrics")).body())
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"500\"} 1")
                .contains("millrace_http_request_seconds_count{endpoint=\"events\",status=\"413\"} 1")
                .contains("millrace_http_request_seconds_count{endpoint=\"other\",status=\"404\"} 1");
    }

    @Test
    void otherPathsAndMethodsAreProblems() throws Exception {
        assertProblem(send(request("/v1/recall?user=u1")), 404);
        HttpResponse<String> asked = send(request("/v1/events"));
        assertProblem(asked, 405);
        assertThat(asked.headers().firstValue("Allow")).contains("POST");
        assertThat(asked.body()).contains("this method is not answered here, the path takes POST");
        HttpResponse<String> removed = send(request("/v1/items/i1").DELETE());
        assertProblem(removed, 404);
        assertThat(removed.body()).contains("no such path; to remove items, POST ");
    }

    /** Jetty by itself gives the connection of a request a second. */
    @Test
    void aStopAnswersTheBatchThatIsBeingDeliveredHoweverSlowTheBrokers() throws Exception {
        HttpRequest health = request("/livez").build();
        assertThat(client.send(health, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(200); // its connection stays open
        brokers.hold();
        CompletableFuture<HttpResponse<String>> answer =
                client.sendAsync(events(BATCH).build(), HttpResponse.BodyHandlers.ofString());
        brokers.awaitEvents();

        CompletableFuture<Void> stop = CompletableFuture.runAsync(server::close);
        await("no more requests are taken").atMost(PATIENCE).until(() -> isRefused(health));
        assertThat(stop).isNotDone();
        CompletableFuture.delayedExecutor(1_500, TimeUnit.MILLISECONDS).execute(brokers::release);

        assertThat(answer.get().statusCode()).isEqualTo(202);
        assertThat(answer.get().headers().firstValue("Connection")).contains("close");
        stop.get();
    }

    private static boolean isRefused(HttpRequest request) throws InterruptedException {
        try {
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
            return false;
        } catch (IOException refused) {
            return true;
        }
    }

    private IngestServer server(String... settings) {
        Map<String, String> given = new HashMap<>(Map.of("ingest.port", "0", "ingest.max-body-bytes", "1024"));
        for (int at = 0; at < settings.length; at += 2) {
            given.put(settings[at], settings[at + 1]);
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

    private HttpRequest.Builder events(String body) {
        return request("/v1/events")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private HttpRequest.Builder request(String target) {
        return HttpRequest.newBuilder(URI.create(server.url() + target));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode assertProblem(HttpResponse<String> response, int status) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        JsonNode problem = new ObjectMapper().readTree(response.body());
        assertThat(problem.path("status").asInt()).isEqualTo(status);
        return problem;
    }
}
