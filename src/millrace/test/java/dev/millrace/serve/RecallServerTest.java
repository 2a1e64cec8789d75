package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.Readiness;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecallServerTest {

    private final RecallScene scene;

    RecallServerTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void isReadyOnceEveryTopicIsCaughtUpAndAGenerationIsServed() throws Exception {
        HttpResponse<String> before = scene.get("/readyz");
        assertThat(before.statusCode()).isEqualTo(503);
        assertThat(scene.json(before).path("topics").path("user-features").asText())
                .isEqualTo("reading");
        assertThat(scene.json(before).path("records").isEmpty()).isTrue();
        assertThat(scene.get("/livez").statusCode()).isEqualTo(200);
        scene.assertProblem(scene.get("/v1/recall?user=u1"), 503);
        scene.assertProblem(scene.get("/v1/items/a"), 503);

        scene.state().read(FollowedTopic.ITEM_EMBEDDINGS, new Readiness.Records(412, 1_000));
        assertThat(scene.json(scene.get("/readyz")).path("records").toString())
                .isEqualTo("{\"item-embeddings\":{\"read\":412,\"of\":1000}}");

        scene.fill();

        HttpResponse<String> after = scene.get("/readyz");
        assertThat(after.statusCode()).isEqualTo(200);
        assertThat(scene.json(after).path("ready").asBoolean()).isTrue();
        assertThat(scene.json(after).path("generation").asText()).isEqualTo("g1");
        assertThat(scene.json(after).path("items").asInt()).isEqualTo(3);
        assertThat(scene.json(after).path("step").asLong()).isEqualTo(7);
    }

    @Test
    void isNeitherReadyNorAliveOnceATopicIsNoLongerFollowed() throws Exception {
        scene.fill();

        scene.state().failed(FollowedTopic.MODEL_UPDATES);

        HttpResponse<String> ready = scene.get("/readyz");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(scene.json(ready).path("topics").path("model-updates").asText())
                .isEqualTo("failed");
        assertThat(scene.get("/livez").statusCode()).isEqualTo(503);
        assertThat(scene.get("/v1/recall?user=u1").statusCode()).isEqualTo(200);
    }

    @Test
    void whatHindersItStandsOnReadyzAndItGoesOnAnsweringOnceItHasCaughtUp() throws Exception {
        String standing = "\"standingTransactions\":[\"transaction of producer 7\"]";
        scene.hinder(Map.of("standingTransactions", List.of("transaction of producer 7")));

        HttpResponse<String> catchingUp = scene.get("/readyz");
        scene.fill();
        HttpResponse<String> caughtUp = scene.get("/readyz");

        assertThat(catchingUp.statusCode()).isEqualTo(503);
        assertThat(catchingUp.body()).contains(standing);
        assertThat(caughtUp.statusCode()).isEqualTo(200);
        assertThat(caughtUp.body()).contains(standing);
        assertThat(scene.get("/v1/recall?user=u1").statusCode()).isEqualTo(200);
    }

    @Test
    void anIdOf257BytesIsRefusedAndATargetThatIsTooLongTooWithoutARouteSeeingIt() throws Exception {
        scene.fill();

        scene.assertProblem(scene.get("/v1/recall?user=" + "x".repeat(257)), 400);
        assertThat(scene.get("/v1/recall?user=" + "x".repeat(256)).statusCode()).isEqualTo(200);
        scene.assertProblem(scene.get("/v1/recall?user=" + "x".repeat(20_000)), 414);
    }

    @Test
    void onlyGetIsAnsweredAndPostOfQuestions() throws Exception {
        HttpResponse<String> posted = scene.send(HttpRequest.newBuilder(scene.uri("/v1/similar?item=a"))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
        scene.assertProblem(posted, 405);
        assertThat(posted.headers().firstValue("Allow")).contains("GET, HEAD");
        for (String method : List.of("PUT", "DELETE", "PATCH")) {
            HttpResponse<String> response = scene.send(HttpRequest.newBuilder(scene.uri("/v1/recall?user=u1"))
                    .method(method, HttpRequest.BodyPublishers.ofString("{}"))
                    .build());

            scene.assertProblem(response, 405);
            assertThat(response.headers().firstValue("Allow")).contains("GET, HEAD, POST");
            assertThat(scene.json(response).path("detail").asText())
                    .isEqualTo("this method is not answered here, the path takes GET, HEAD, POST");
        }
    }

    @Test
    void whoeverWantsToRemoveItemsIsToldHow() throws Exception {
        HttpResponse<String> ofOne = scene.send(
                HttpRequest.newBuilder(scene.uri("/v1/items/a")).DELETE().build());
        HttpResponse<String> ofAll = scene.send(
                HttpRequest.newBuilder(scene.uri("/v1/items")).DELETE().build());

        String how = "; to remove items, POST {\"removed_items\": [\"ID\"]} to /v1/events of millrace ingest";
        assertThat(ofOne.statusCode()).isEqualTo(405);
        assertThat(scene.json(ofOne).path("detail").asText())
                .isEqualTo("this method is not answered here, the path takes GET, HEAD" + how);
        assertThat(ofAll.statusCode()).isEqualTo(404);
        assertThat(scene.json(ofAll).path("detail").asText()).isEqualTo("no such path" + how);
        assertThat(scene.json(scene.get("/v1/items")).path("detail").asText()).isEqualTo("no such path");
    }

    @Test
    void headIsAnsweredAsGetIsWithoutTheBody() throws Exception {
        assertThat(scene.head("/readyz").statusCode()).isEqualTo(503);
        assertThat(scene.head("/v1/recall?user=u1").statusCode()).isEqualTo(503);

        scene.fill();

        assertThat(scene.head("/readyz").statusCode()).isEqualTo(200);
        assertThat(scene.head("/v1/items/nothing").statusCode()).isEqualTo(404);
        assertThat(scene.head("/v1/recall").statusCode()).isEqualTo(400);
        HttpResponse<String> item = scene.head("/v1/items/b");
        HttpResponse<String> got = scene.get("/v1/items/b");
        assertThat(item.statusCode()).isEqualTo(200);
        assertThat(item.body()).isEmpty();
        assertThat(item.headers().firstValue("Millrace-Step"))
                .isEqualTo(got.headers().firstValue("Millrace-Step"));
        assertThat(item.headers().firstValue("Content-Length"))
                .isEqualTo(got.headers().firstValue("Content-Length"));
    }

    @Test
    void bodyThatIsTooLargeIsAProblem() throws Exception {
        scene.fill();

        scene.assertProblem(scene.post("{\"user\": \"" + "x".repeat(3_000) + "\"}"), 413);
    }

    @Test
    void questionsBeyondTheRateAreAProblem() throws Exception {
        scene.fill();
        try (RecallServer limited = scene.server(2)) {
            URI asked = URI.create(limited.url() + "/v1/recall?user=u1");
            List<HttpResponse<String>> answers = new ArrayList<>();
            for (int question = 0; question < 30; question++) {
                answers.add(scene.send(HttpRequest.newBuilder(asked).build()));
            }

            // two at once, and two more a second
            assertThat(answers)
                    .extracting(HttpResponse::statusCode)
                    .startsWith(200, 200)
                    .contains(429);
            HttpResponse<String> refused = answers.stream()
                    .filter(answer -> answer.statusCode() == 429)
                    .findFirst()
                    .orElseThrow();
            scene.assertProblem(refused, 429);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/recall?user=u1",
                "/v1/recall?user=u1&k=0",
                "/v1/similar?item=a",
                "/v1/items/a",
                "/v1/map",
                "/v1/users/u1",
                "/v1/session",
                "/v1/live",
                "/",
                "/page/main.js",
                "/nothing",
                "/livez/"
            })
    void theRateIsInFrontOfAllButProbes(String target) throws Exception {
        scene.fill();
        try (RecallServer limited = scene.server(1)) {
            assertThat(scene.send(three(limited)).statusCode()).isEqualTo(200); // two are owed

            HttpResponse<String> refused = scene.send(
                    HttpRequest.newBuilder(URI.create(limited.url() + target)).build());

            scene.assertProblem(refused, 429);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            for (String probe : List.of("/livez", "/readyz", "/metrics")) {
                HttpRequest free = HttpRequest.newBuilder(URI.create(limited.url() + probe))
                        .build();
                assertThat(scene.send(free).statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void aBatchCostsWhatItsQuestionsCost() throws Exception {
        scene.fill();
        try (RecallServer limited = scene.server(2)) {
            HttpRequest one = HttpRequest.newBuilder(URI.create(limited.url() + "/v1/recall?user=u1"))
                    .build();
            assertThat(scene.send(one).statusCode()).isEqualTo(200);

            HttpResponse<String> refused = scene.send(three(limited)); // its first question is let in

            scene.assertProblem(refused, 429);
        }
    }

    private static HttpRequest three(RecallServer server) {
        String body = "{\"requests\": [{\"user\": \"u1\"}, {\"user\": \"u1\"}, {\"user\": \"u1\"}]}";
        return HttpRequest.newBuilder(URI.create(server.url() + "/v1/recall"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    @Test
    void aRefusedBodyThatIsThereLeavesTheConnectionOpen() throws Exception {
        scene.fill();
        String request = "POST /v1/recall HTTP/1.1\r\nHost: localhost\r\nContent-Length: 13\r\n\r\n{\"user\":\"u1\"}";
        try (RecallServer limited = scene.server(1);
                RawClient client = new RawClient(limited.port())) {
            assertThat(scene.send(three(limited)).statusCode()).isEqualTo(200); // two are owed
            for (int again = 0; again < 3; again++) {
                RawClient.Answer refused = client.send(request).answer().orElseThrow();
                assertThat(refused.status()).isEqualTo(429);
                assertThat(refused.head()).doesNotContainIgnoringCase("Connection: close");
            }
            // of a body that does not come, nobody knows where the next request begins
            String half = "POST /v1/recall HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1300\r\n\r\n{";
            assertThat(client.send(half).answer().orElseThrow().head()).containsIgnoringCase("Connection: close");
        }
    }

    @Test
    void headersSayOfWhatAnAnswerWasMade() throws Exception {
        scene.fill();

        for (String target : List.of("/v1/recall?user=u1", "/v1/similar?item=a", "/v1/items/b")) {
            HttpResponse<String> answer = scene.get(target);

            assertThat(answer.headers().firstValue("Millrace-Generation"))
                    .contains(scene.json(answer).path("generation").asText());
            assertThat(answer.headers().firstValue("Millrace-Step"))
                    .contains(scene.json(answer).path("step").asText());
        }
        // answers of one batch may be of two steps, and an error is made of nothing
        assertThat(scene.post("{\"requests\": [{\"user\": \"u1\"}]}").headers().firstValue("Millrace-Step"))
                .isEmpty();
        assertThat(scene.get("/v1/items/nothing").headers().firstValue("Millrace-Step"))
                .isEmpty();
    }

    @Test
    void noSlashAtTheEndIsPassedOver() throws Exception {
        scene.fill();

        for (String target : List.of(
                "/v1/recall/?user=u1",
                "/v1/similar/?item=a",
                "/v1/items/a/",
                "/v1/items/movie/c/",
                "/v1/items/",
                "/livez/",
                "/readyz/",
                "/metrics/",
                "/v1/session/")) {
            scene.assertProblem(scene.get(target), 404);
            assertThat(scene.head(target).statusCode()).as(target).isEqualTo(404);
        }
    }
}
