package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.generation.GenerationFact;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecallServerTest {

    private static final long NOW = 1_700_000_000_000L;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ObjectMapper mapper = new ObjectMapper();
    private final DiskEntries entries;
    private final ItemGraphs graphs = new ItemGraphs(new ServeSettings.Graph(200, 0.1, 0, 2, 1));
    private final ServedState state;
    private final Path directory;
    private final RecallServer server;

    RecallServerTest(@TempDir Path directory) throws IOException {
        InstantSource clock = InstantSource.fixed(Instant.ofEpochMilli(NOW));
        entries = DiskEntries.open(directory, 4 << 20);
        state = new ServedState(entries, new FakeFeed(), 1, graphs, clock);
        this.directory = directory;
        server = server(0);
    }

    private RecallServer server(int maxRate) {
        return server(maxRate, 100);
    }

    private RecallServer server(int maxRate, int maxConnections) {
        return new RecallServer(
                        new ServeSettings(
                                "127.0.0.1",
                                0,
                                1_000,
                                3,
                                2_000,
                                maxRate,
                                0,
                                maxConnections,
                                8,
                                1,
                                directory,
                                4 << 20,
                                ServeSettings.Graph.NEVER),
                        state,
                        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                        InstantSource.fixed(Instant.ofEpochMilli(NOW)))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
        graphs.close();
        entries.close();
    }

    @Test
    void isReadyOnceEveryTopicIsCaughtUpAndAGenerationIsServed() throws Exception {
        HttpResponse<String> before = get("/readyz");
        assertThat(before.statusCode()).isEqualTo(503);
        assertThat(json(before).path("topics").path("user-features").asText()).isEqualTo("reading");
        assertThat(json(before).path("records").isEmpty()).isTrue();
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        assertProblem(get("/v1/recall?user=u1"), 503);
        assertProblem(get("/v1/items/a"), 503);

        state.read(FollowedTopic.ITEM_EMBEDDINGS, new Readiness.Records(412, 1_000));
        assertThat(json(get("/readyz")).path("records").toString())
                .isEqualTo("{\"item-embeddings\":{\"read\":412,\"of\":1000}}");

        fill();

        HttpResponse<String> after = get("/readyz");
        assertThat(after.statusCode()).isEqualTo(200);
        assertThat(json(after).path("ready").asBoolean()).isTrue();
        assertThat(json(after).path("generation").asText()).isEqualTo("g1");
        assertThat(json(after).path("items").asInt()).isEqualTo(3);
        assertThat(json(after).path("step").asLong()).isEqualTo(7);
    }

    @Test
    void aLargeCatalogueIsSearchedByAGraphWhoseRecallIsMeasured() throws Exception {
        fill();
        for (int item = 1; item <= 200; item++) {
            double angle = -item * 0.01;
            state.embedding(embedding("i" + item, 8, 0, (float) Math.cos(angle), (float) Math.sin(angle)), NOW, 0);
        }
        assertThat(get("/metrics").body()).contains("millrace_index_graph_items 0.0");

        state.refreshGraph();
        await().untilAsserted(() -> assertThat(get("/metrics").body()).contains("millrace_index_graph_items 203.0"));

        assertThat(found(get("/v1/similar?item=i3&k=2"))).containsExactly("i2", "i4");
        assertThat(found(get("/v1/similar?item=a&k=3"))).containsExactly("i1", "i2", "i3");
        await().untilAsserted(() -> assertThat(get("/metrics").body())
                .contains("millrace_index_recall_samples_total{outcome=\"compared\"} 2.0"));
        assertThat(get("/metrics").body())
                .contains("millrace_index_searches_total{by=\"graph\"} 2.0")
                .contains("millrace_index_recall 1.0")
                .contains("millrace_index_graph_builds_total 1.0");
    }

    @Test
    void isNeitherReadyNorAliveOnceATopicIsNoLongerFollowed() throws Exception {
        fill();

        state.failed(FollowedTopic.MODEL_UPDATES);

        HttpResponse<String> ready = get("/readyz");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(json(ready).path("topics").path("model-updates").asText()).isEqualTo("failed");
        assertThat(get("/livez").statusCode()).isEqualTo(503);
        assertThat(get("/v1/recall?user=u1").statusCode()).isEqualTo(200);
    }

    @Test
    void recallsTheBestItemsThatTheUserHasNotHad() throws Exception {
        fill();

        JsonNode answer = json(get("/v1/recall?user=u1&k=2"));

        // users are encoded as (1, 0) and items are (1, 0), (0.8, 0.6), (0.6, 0.8); u1 has had a
        assertThat(answer.path("items")).hasSize(2);
        assertThat(answer.at("/items/0/item").asText()).isEqualTo("b");
        assertThat(answer.at("/items/0/score").floatValue()).isEqualTo(0.8f);
        assertThat(answer.at("/items/1/item").asText()).isEqualTo("movie/c");
        assertThat(answer.path("generation").asText()).isEqualTo("g1");
        assertThat(answer.path("step").asLong()).isEqualTo(7);
        assertThat(answer.path("ageSeconds").asDouble()).isEqualTo(2.5);
        assertThat(answer.path("coldStart").asBoolean()).isFalse();
        assertThat(json(get("/v1/recall?user=u1&k=2&exclude-seen=false"))
                        .at("/items/0/item")
                        .asText())
                .isEqualTo("a");
    }

    @Test
    void popularityIsAddedAsTheRequestWeighsIt() throws Exception {
        fill();
        // c has a number of log(1 + 1) = .693; the fake's temperature is .5
        state.embedding(
                new ItemEmbedding(
                        "movie/c",
                        Optional.of(new float[] {0.6f, 0.8f}),
                        "g1",
                        7,
                        40,
                        0,
                        new PublishedPopularity(Math.log(2), 3_600_000, false)),
                NOW - 2_500,
                0);

        JsonNode plain = json(get("/v1/recall?user=u1&w.popularity=0"));
        JsonNode trending = json(get("/v1/recall?user=u1&w.popularity=2"));

        assertThat(plain.path("items"))
                .isEqualTo(json(get("/v1/recall?user=u1")).path("items"));
        assertThat(plain.at("/items/0/item").asText()).isEqualTo("b");
        // .6 + 2 · .5 · .693 = 1.293 against .8
        assertThat(trending.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(trending.at("/items/0/score").asDouble()).isCloseTo(1.2931, within(1e-4));
        assertThat(trending.at("/items/1/score").floatValue()).isEqualTo(0.8f);
        assertThat(json(get("/v1/items/movie/c")).path("popularity").asDouble()).isCloseTo(0.6931, within(1e-4));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "10.5", "NaN", "Infinity", "much", "", "1e400"})
    void weightOfPopularityOutOfRangeIsAProblem(String weight) throws Exception {
        fill();

        HttpResponse<String> response = get("/v1/recall?user=u1&w.popularity=" + weight);

        assertProblem(response, 400);
        assertThat(json(response).path("detail").asText()).isEqualTo("w.popularity must be a number from 0 to 10");
    }

    @Test
    void weightsOfChannelsAreParametersOfTheQuery() throws Exception {
        fill();

        JsonNode plain = json(get("/v1/recall?user=u1"));
        JsonNode liked = json(get("/v1/recall?user=u1&w.click=1&w.like=2"));

        assertThat(plain.at("/items/0/item").asText()).isEqualTo("b");
        // (.6, .8) · (1, 2) = 2.2 against (.8, .6) · (1, 2) = 2.0
        assertThat(liked.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(liked.at("/items/0/score").asDouble()).isCloseTo(2.2, within(1e-6));
    }

    @Test
    void unknownParameterIsNamed() throws Exception {
        fill();

        JsonNode problem = json(get("/v1/recall?user=u1&kk=3"));

        assertThat(problem.path("parameter").asText()).isEqualTo("kk");
        assertThat(problem.path("detail").asText()).startsWith("kk is unknown; known here: exclude, ");
    }

    @Test
    void weightsThatLeaveNothingToRankByAreAProblem() throws Exception {
        fill();

        HttpResponse<String> nothing = get("/v1/recall?user=u1&w.click=0");
        HttpResponse<String> unknown = get("/v1/recall?user=u1&w.buy=1");
        HttpResponse<String> negative = get("/v1/recall?user=u1&w.like=-1");

        assertProblem(nothing, 400);
        assertThat(json(nothing).path("detail").asText()).isEqualTo("one of w.click, w.like must be above 0");
        assertProblem(unknown, 400);
        assertThat(json(unknown).path("detail").asText()).contains("w.click, w.like, w.popularity");
        assertProblem(negative, 400);
        assertThat(json(negative).path("detail").asText()).isEqualTo("w.like must be a number from 0 to 1000");
    }

    @Test
    void anUnknownUserGetsAFlaggedColdStart() throws Exception {
        fill();

        JsonNode answer = json(get("/v1/recall?user=nobody"));

        assertThat(answer.path("coldStart").asBoolean()).isTrue();
        assertThat(answer.path("items")).hasSize(3);
    }

    @Test
    void givesSimilarItemsAndSingleItems() throws Exception {
        fill();

        JsonNode similar = json(get("/v1/similar?item=b&k=1"));
        JsonNode item = json(get("/v1/items/a"));

        // b·c = 0.8·0.6 + 0.6·0.8 = 0.96, b·a = 0.8
        assertThat(similar.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(item.path("item").asText()).isEqualTo("a");
        assertThat(item.path("vector")).hasSize(2);
        assertThat(item.path("step").asLong()).isEqualTo(5);
        assertThat(item.path("eventTime").asLong()).isEqualTo(40);
        assertThat(item.path("ageSeconds").asDouble()).isEqualTo(4);
        assertThat(json(get("/v1/items/movie/c")).path("item").asText()).isEqualTo("movie/c");
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/recall, 400",
        "/v1/recall?user=, 400",
        "/v1/recall?user=%20, 400",
        "/v1/recall?user=a%00b, 400",
        "/v1/recall?user=%ZZ, 400",
        "/v1/recall?user=%ff, 400",
        "/v1/recall?user=u1&user=u2, 400",
        "/v1/recall?user=u1&k=0, 400",
        "/v1/recall?user=u1&k=-1, 400",
        "/v1/recall?user=u1&k=abc, 400",
        "/v1/recall?user=u1&k=1e3, 400",
        "/v1/recall?user=u1&k=1000000000, 400",
        "/v1/recall?user=u1&k=99999999999999999999, 400",
        "/v1/recall?user=u1&exclude-seen=maybe, 400",
        "/v1/recall?user=u1&kk=3, 400",
        "/v1/similar, 400",
        "/v1/similar?item=nothing, 404",
        "/v1/items/nothing, 404",
        "/v1/items/a?k=1, 400",
        "/v1/items/, 404",
        "/, 404",
        "/v1, 404",
        "/v2/recall?user=u1, 404",
    })
    void badInputIsAProblem(String target, int status) throws Exception {
        fill();

        assertProblem(rawGet(target), status);
    }

    @Test
    void namesTheParameterThatIsWrong() throws Exception {
        fill();

        JsonNode problem = json(get("/v1/recall?user=u1&k=0"));

        assertThat(problem.path("parameter").asText()).isEqualTo("k");
        assertThat(problem.path("detail").asText()).isEqualTo("k must be a whole number from 1 to 1000");
        assertThat(problem.path("title").asText()).isEqualTo("Bad Request");
        assertThat(problem.path("status").asInt()).isEqualTo(400);
    }

    @Test
    void anIdOf257BytesIsRefusedAndATargetThatIsTooLongTooWithoutARouteSeeingIt() throws Exception {
        fill();

        assertProblem(get("/v1/recall?user=" + "x".repeat(257)), 400);
        assertThat(get("/v1/recall?user=" + "x".repeat(256)).statusCode()).isEqualTo(200);
        assertProblem(get("/v1/recall?user=" + "x".repeat(20_000)), 414);
    }

    @Test
    void onlyGetIsAnsweredAndPostOfQuestions() throws Exception {
        HttpResponse<String> posted = send(HttpRequest.newBuilder(uri("/v1/similar?item=a"))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
        assertProblem(posted, 405);
        assertThat(posted.headers().firstValue("Allow")).contains("GET, HEAD");
        for (String method : List.of("PUT", "DELETE", "PATCH")) {
            HttpResponse<String> response = send(HttpRequest.newBuilder(uri("/v1/recall?user=u1"))
                    .method(method, HttpRequest.BodyPublishers.ofString("{}"))
                    .build());

            assertProblem(response, 405);
            assertThat(response.headers().firstValue("Allow")).contains("GET, HEAD, POST");
        }
    }

    @Test
    void questionsMayBePosted() throws Exception {
        fill();

        HttpResponse<String> response = post(
                """
                {"user": "u1", "k": 2, "excludeSeen": false, "exclude": ["b"], "weights": {"like": 1},
                 "includeVector": true, "explain": true}""");

        JsonNode answer = json(response);
        assertThat(response.statusCode()).isEqualTo(200);
        // (1, 1) by the weight of like: c 1.4, a 1, without b
        assertThat(answer.at("/items/0/item").asText()).isEqualTo("movie/c");
        assertThat(answer.at("/items/0/score").asDouble()).isCloseTo(1.4, within(1e-6));
        assertThat(answer.at("/items/1/item").asText()).isEqualTo("a");
        assertThat(answer.path("vector")).hasSize(2);
        // u1 has had a, whose product with c is .6; an item is no reason for itself
        assertThat(answer.at("/items/0/nearest/0/item").asText()).isEqualTo("a");
        assertThat(answer.at("/items/0/nearest/0/score").asDouble()).isCloseTo(0.6, within(1e-6));
        assertThat(answer.at("/items/1/nearest")).isEmpty();
        assertThat(answer.path("coldStart").asBoolean()).isFalse();
    }

    @Test
    void oneBadQuestionOfABatchCostsNoOther() throws Exception {
        fill();

        JsonNode answers = json(post(
                        """
                {"requests": [{"user": "u1", "k": 1}, {"user": "u1", "k": 0}, {"user": "nobody", "k": 1}]}"""))
                .path("answers");

        assertThat(answers).hasSize(3);
        assertThat(answers.at("/0/items/0/item").asText()).isEqualTo("b");
        assertThat(answers.at("/1/status").asInt()).isEqualTo(400);
        assertThat(answers.at("/1/parameter").asText()).isEqualTo("requests[1].k");
        assertThat(answers.at("/1/detail").asText()).isEqualTo("requests[1].k must be a whole number from 1 to 1000");
        assertThat(answers.at("/2/coldStart").asBoolean()).isTrue();
    }

    @Test
    void someoneWhoNeverCameThroughTheTopicsIsDescribedByTheRequest() throws Exception {
        fill();

        JsonNode answer = json(
                post(
                        """
                {"user": "new", "features": {"city": "x", "age": 30, "tastes": ["a", "b"], "picture": [0.5, 1]},
                 "history": ["b"], "context": {"hour": 7}}"""));

        assertThat(answer.path("coldStart").asBoolean()).isFalse();
        assertThat(answer.at("/items/0/item").asText()).isEqualTo("a");
        assertThat(answer.path("items")).hasSize(2); // b is in the history
    }

    @Test
    void itemsAreFilteredByTheirAttributes() throws Exception {
        fill();

        assertThat(found(get("/v1/recall?user=u2&filter.category=shoes"))).containsExactly("a", "movie/c");
        assertThat(found(get("/v1/recall?user=u2&filter.category=shoes,boots&filter.tags=red")))
                .containsExactly("movie/c");
        assertThat(found(get("/v1/recall?user=u2&filter.price.min=15&filter.price.max=20")))
                .containsExactly("b");
        assertThat(found(get("/v1/recall?user=u2&filter.price=10&k=1"))).containsExactly("a");
        assertThat(found(get("/v1/recall?user=u2&filter.tags=none"))).isEmpty();
        assertThat(found(get("/v1/recall?user=u2&exclude=a,b"))).containsExactly("movie/c");
        assertThat(found(post("{\"user\": \"u2\", \"filter\": {\"category\": [\"shoes\"], \"price\": {\"min\": 11}}}")))
                .containsExactly("movie/c");
        assertThat(json(get("/v1/items/a")).at("/attributes/category").asText()).isEqualTo("shoes");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{ | the body is no JSON",
                "[1] | the body must be a JSON object",
                "{\"k\": 3} | user is required, and must be a string",
                "{\"user\": \"u1\", \"user\": \"u2\"} | the body is no JSON: Duplicate field 'user'",
                "{\"user\": \"u1\"} {} | the body is no JSON",
                "{\"user\": \"\"} | user must have 1 to 256 bytes",
                "{\"user\": \"u1\", \"size\": 3} | size is unknown; known here: context, exclude",
                "{\"user\": \"u1\", \"k\": 2.5} | k must be a whole number from 1 to 1000",
                "{\"user\": \"u1\", \"explain\": 1} | explain must be true or false",
                "{\"user\": \"u1\", \"filter\": {\"colour\": \"x\"}} | filter.colour is unknown; known here: category, price, tags",
                "{\"user\": \"u1\", \"filter\": {\"price\": {\"min\": \"x\"}}} | filter.price.min must be a number from",
                "{\"user\": \"u1\", \"weights\": {\"click\": 0}} | one of weights.click, weights.like must be above 0",
                "{\"user\": \"u1\", \"features\": {\"age\": 1e31}} | features.age is refused: value",
                "{\"user\": \"u1\", \"features\": {\"age\": null}} | features.age must be a string, a number, an array",
                "{\"user\": \"u1\", \"history\": [{}]} | history must be an array of strings",
                "{\"requests\": []} | requests must be an array of 1 to 3 elements",
                "{\"requests\": [1, 2, 3, 4]} | requests must be an array of 1 to 3 elements",
                "{\"requests\": [1], \"k\": 1} | k is unknown; known here: requests"
            })
    void badBodiesAreProblemsThatNameWhatIsWrong(String body, String detail) throws Exception {
        fill();

        HttpResponse<String> response = post(body);

        assertProblem(response, 400);
        assertThat(json(response).path("detail").asText()).startsWith(detail);
    }

    @Test
    void bodyThatIsNestedTooDeepIsAProblem() throws Exception {
        fill();

        HttpResponse<String> response = post("[".repeat(1_500));

        assertProblem(response, 400);
        assertThat(json(response).path("detail").asText()).startsWith("the body is no JSON: ");
    }

    @Test
    void headIsAnsweredAsGetIsWithoutTheBody() throws Exception {
        assertThat(head("/readyz").statusCode()).isEqualTo(503);
        assertThat(head("/v1/recall?user=u1").statusCode()).isEqualTo(503);

        fill();

        assertThat(head("/readyz").statusCode()).isEqualTo(200);
        assertThat(head("/v1/items/nothing").statusCode()).isEqualTo(404);
        assertThat(head("/v1/recall").statusCode()).isEqualTo(400);
        HttpResponse<String> item = head("/v1/items/b");
        HttpResponse<String> got = get("/v1/items/b");
        assertThat(item.statusCode()).isEqualTo(200);
        assertThat(item.body()).isEmpty();
        assertThat(item.headers().firstValue("Millrace-Step"))
                .isEqualTo(got.headers().firstValue("Millrace-Step"));
        assertThat(item.headers().firstValue("Content-Length"))
                .isEqualTo(got.headers().firstValue("Content-Length"));
    }

    @Test
    void bodyThatIsTooLargeIsAProblem() throws Exception {
        fill();

        assertProblem(post("{\"user\": \"" + "x".repeat(3_000) + "\"}"), 413);
    }

    @Test
    void questionsBeyondTheRateAreAProblem() throws Exception {
        fill();
        try (RecallServer limited = server(2)) {
            URI asked = URI.create(limited.url() + "/v1/recall?user=u1");
            List<Integer> statuses = new ArrayList<>();
            for (int question = 0; question < 30; question++) {
                statuses.add(send(HttpRequest.newBuilder(asked).build()).statusCode());
            }
            HttpResponse<String> last = send(HttpRequest.newBuilder(asked).build());

            // two at once, and two more a second
            assertThat(statuses).startsWith(200, 200).contains(429);
            assertProblem(last, 429);
            assertThat(last.headers().firstValue("Retry-After")).contains("1");
        }
    }

    @Test
    void headersSayOfWhatAnAnswerWasMade() throws Exception {
        fill();

        for (String target : List.of("/v1/recall?user=u1", "/v1/similar?item=a", "/v1/items/b")) {
            HttpResponse<String> answer = get(target);

            assertThat(answer.headers().firstValue("Millrace-Generation"))
                    .contains(json(answer).path("generation").asText());
            assertThat(answer.headers().firstValue("Millrace-Step"))
                    .contains(json(answer).path("step").asText());
        }
        // answers of one batch may be of two steps, and an error is made of nothing
        assertThat(post("{\"requests\": [{\"user\": \"u1\"}]}").headers().firstValue("Millrace-Step"))
                .isEmpty();
        assertThat(get("/v1/items/nothing").headers().firstValue("Millrace-Step"))
                .isEmpty();
    }

    @Test
    void connectionsBeyondTheLimitWaitWhileTheOthersAreAnswered() throws Exception {
        fill();
        try (RecallServer limited = server(0, 2);
                Socket first = connection(limited);
                Socket second = connection(limited);
                Socket third = new Socket(InetAddress.getLoopbackAddress(), limited.port())) {
            ask(third); // the operating system takes it, the server does not

            for (int question = 0; question < 20; question++) {
                ask(first);
                assertThat(statusLine(first)).contains("200");
                ask(second);
                assertThat(statusLine(second)).contains("200");
            }
            assertThat(third.getInputStream().available()).isZero();

            first.close();
            assertThat(statusLine(third)).contains("200");
        }
    }

    /** A connection that has been answered, and stays open. */
    private static Socket connection(RecallServer to) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), to.port());
        ask(socket);
        assertThat(statusLine(socket)).contains("200");
        return socket;
    }

    private static void ask(Socket connection) throws IOException {
        connection
                .getOutputStream()
                .write("HEAD /v1/recall?user=u1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
    }

    /** Reads the head of an answer that has no body. */
    private static String statusLine(Socket connection) throws IOException {
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int next = connection.getInputStream().read();
            assertThat(next).as("the connection was closed behind " + head).isNotNegative();
            head.append((char) next);
        }
        return head.substring(0, head.indexOf("\r\n"));
    }

    @Test
    void metricsTellLatencyFreshnessAndWhatBecameOfEmbeddings() throws Exception {
        fill();
        state.embedding(embedding("a", 8, NOW - 1_234, 1, 0), NOW, 0);
        get("/v1/recall?user=u1");

        String metrics = get("/metrics").body();

        assertThat(metrics)
                .contains("millrace_http_request_seconds_bucket{endpoint=\"recall\",status=\"200\"")
                .containsPattern("millrace_http_request_recent_seconds\\{endpoint=\"recall\",quantile=\"0.99\"} [0-9]")
                .contains("millrace_http_request_recent_seconds{endpoint=\"similar\",quantile=\"0.5\"} NaN")
                .contains("millrace_freshness_seconds_count 1")
                .contains("millrace_freshness_recent_seconds{quantile=\"0.99\"} 1.2")
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
    void aDeletedItemIsNotRecalledAndADeletedUserIsUnknown() throws Exception {
        fill();

        state.embedding(new ItemEmbedding("b", Optional.empty(), "g1", 0, 0, 0), NOW, 0);
        state.userRemoved("u1");

        JsonNode answer = json(get("/v1/recall?user=u1"));
        assertThat(answer.path("items")).hasSize(2);
        assertThat(answer.path("coldStart").asBoolean()).isTrue();
        assertProblem(get("/v1/similar?item=b"), 404);
    }

    @Test
    void aVectorThatIsNotFiniteNeverAnswersAndIsCounted() throws Exception {
        fill();

        state.embedding(embedding("b", 8, 0, Float.NaN, 0.6f), NOW - 1_000, 0);
        state.embedding(embedding("d", 8, 0, Float.POSITIVE_INFINITY, 0), NOW - 1_000, 0);

        HttpResponse<String> answer = get("/v1/recall?user=u1&k=10");
        assertThat(answer.statusCode()).isEqualTo(200);
        // b answers with the vector it had, d never had one
        assertThat(answer.body()).contains("\"b\"").doesNotContain("\"d\"", "NaN", "Infinity");
        assertThat(get("/metrics").body()).contains("millrace_index_embeddings_total{outcome=\"unusable\"} 2.0");
    }

    private void fill() {
        state.embedding(attributed(embedding("a", 5, 0, 1, 0), "shoes", 10), NOW - 4_000, 0);
        state.embedding(attributed(embedding("b", 7, 0, 0.8f, 0.6f), "boots", 20, "new"), NOW - 3_000, 0);
        state.embedding(attributed(embedding("movie/c", 6, 0, 0.6f, 0.8f), "shoes", 30, "new", "red"), NOW - 2_500, 0);
        state.userFeatures(new UserFeatures("u1", 1, Features.NONE, List.of("a")));
        state.modelUpdate("g1", new byte[] {1}, Optional.of(new byte[] {1}));
        state.embedding(new ItemEmbedding("", Optional.of(new float[0]), "g1", 7, 40, 0), NOW - 2_500, 0);
        state.generation(new GenerationFact("g1", GenerationFact.Kind.PROMOTED, NOW, 7, 3, "test"));
        for (FollowedTopic source : FollowedTopic.values()) {
            state.caughtUp(source, 1);
        }
    }

    private static ItemEmbedding attributed(ItemEmbedding plain, String category, double price, String... tags) {
        return new ItemEmbedding(
                plain.item(),
                plain.vector(),
                plain.generation(),
                plain.step(),
                plain.eventTime(),
                plain.producedAt(),
                plain.popularity(),
                Features.of(Map.of(
                        "category", new FeatureValue.Category(category),
                        "price", new FeatureValue.Quantity(price),
                        "tags", new FeatureValue.Bag(List.of(tags)))));
    }

    private List<String> found(HttpResponse<String> response) throws IOException {
        assertThat(response.statusCode()).isEqualTo(200);
        return json(response).path("items").findValuesAsText("item");
    }

    private HttpResponse<String> post(String body) throws Exception {
        return send(HttpRequest.newBuilder(uri("/v1/recall"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    private static ItemEmbedding embedding(String item, long step, long producedAt, float... vector) {
        return new ItemEmbedding(item, Optional.of(vector), "g1", step, 40, producedAt);
    }

    private void assertProblem(HttpResponse<String> response, int status) throws IOException {
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(json(response).path("status").asInt()).isEqualTo(status);
        assertThat(json(response).path("detail").asText()).isNotBlank();
    }

    private void assertProblem(RawResponse response, int status) throws IOException {
        assertThat(response.head()).startsWith("HTTP/1.1 " + status + " ");
        assertThat(response.head()).containsIgnoringCase("Content-Type: application/problem+json");
        assertThat(mapper.readTree(response.body()).path("status").asInt()).isEqualTo(status);
    }

    private JsonNode json(HttpResponse<String> response) throws IOException {
        return mapper.readTree(response.body());
    }

    private HttpResponse<String> head(String target) throws Exception {
        return send(HttpRequest.newBuilder(uri(target))
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build());
    }

    private HttpResponse<String> get(String target) throws Exception {
        return send(HttpRequest.newBuilder(uri(target)).build());
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private URI uri(String target) {
        return URI.create(server.url() + target);
    }

    private record RawResponse(String head, String body) {}

    /** Sends a target as it is, which the client's own checks would refuse. */
    private RawResponse rawGet(String target) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            String request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            String[] parts = new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\r\n\r\n", 2);
            return new RawResponse(parts[0], parts[1]);
        }
    }
}
