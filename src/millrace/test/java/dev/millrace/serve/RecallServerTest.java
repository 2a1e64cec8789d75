package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.Readiness;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
    void readyOnceTopicsAreCaughtUpAndOneIsServed() throws Exception {
        RawClient.Answer before = scene.get("/readyz");
        assertThat(before.status()).isEqualTo(503);
        assertThat(before.text("/topics/user-features")).isEqualTo("reading");
        assertThat(before.json().path("records").isEmpty()).isTrue();
        assertThat(scene.get("/livez").status()).isEqualTo(200);
        scene.get("/v1/recall?user=u1").problem(503);
        scene.get("/v1/recall?user=u1&filter.category=shoes").problem(503);
        scene.get("/v1/items/a").problem(503);

        scene.state().read(FollowedTopic.ITEM_EMBEDDINGS, new Readiness.Records(412, 1_000));
        assertThat(scene.get("/readyz").json().path("records"))
                .hasToString("{\"item-embeddings\":{\"read\":412,\"of\":1000}}");

        scene.fill();

        RawClient.Answer after = scene.get("/readyz");
        assertThat(after.status()).isEqualTo(200);
        assertThat(after.text("/ready")).isEqualTo("true");
        assertThat(after.text("/generation")).isEqualTo("g1");
        assertThat(after.text("/items")).isEqualTo("3");
        assertThat(after.text("/step")).isEqualTo("7");
    }

    @Test
    void isNeitherReadyNorAliveOnceATopicIsNoLongerFollowed() throws Exception {
        scene.fill();

        scene.state().failed(FollowedTopic.MODEL_UPDATES);

        assertThat(scene.get("/readyz").status()).isEqualTo(503);
        assertThat(scene.get("/readyz").text("/topics/model-updates")).isEqualTo("failed");
        assertThat(scene.get("/livez").status()).isEqualTo(503);
        assertThat(scene.get("/v1/recall?user=u1").status()).isEqualTo(200);
    }

    @Test
    void readyzNamesWhatHindersACaughtUpServer() throws Exception {
        String standing = "\"standingTransactions\":[\"transaction of producer 7\"]";
        scene.hinder(Map.of("standingTransactions", List.of("transaction of producer 7")));

        RawClient.Answer catchingUp = scene.get("/readyz");
        scene.fill();
        RawClient.Answer caughtUp = scene.get("/readyz");

        assertThat(catchingUp.status()).isEqualTo(503);
        assertThat(catchingUp.body()).contains(standing);
        assertThat(caughtUp.status()).isEqualTo(200);
        assertThat(caughtUp.body()).contains(standing);
    }

    @Test
    void anIdMayHave256Bytes() throws Exception {
        scene.fill();

        scene.get("/v1/recall?user=" + "x".repeat(257)).problem(400);
        assertThat(scene.get("/v1/recall?user=" + "x".repeat(256)).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST /v1/similar?item=a | GET, HEAD",
                "PUT /v1/recall?user=u1 | GET, HEAD, POST",
                "DELETE /v1/recall?user=u1 | GET, HEAD, POST",
                "PATCH /v1/recall?user=u1 | GET, HEAD, POST",
            })
    void anotherMethodIsToldThoseThatAreTaken(String line, String allowed) throws Exception {
        RawClient.Answer refused = scene.ask(line);

        assertThat(refused.problem(405)).contains(allowed);
        assertThat(refused.header("Allow")).isEqualTo(allowed);
    }

    @Test
    void whoeverWantsToRemoveItemsIsToldHow() throws Exception {
        String how = "POST {\"removed_items\": [\"ID\"]} to /v1/events";

        assertThat(scene.ask("DELETE /v1/items/a").problem(405)).contains("GET, HEAD", how);
        assertThat(scene.ask("DELETE /v1/items").problem(404)).contains(how);
        assertThat(scene.get("/v1/items").problem(404)).doesNotContain(how);
    }

    @Test
    void headIsAnsweredAsGetIsWithoutTheBody() throws Exception {
        assertThat(scene.ask("HEAD /readyz").status()).isEqualTo(503);
        assertThat(scene.ask("HEAD /v1/recall?user=u1").status()).isEqualTo(503);

        scene.fill();

        assertThat(scene.ask("HEAD /readyz").status()).isEqualTo(200);
        assertThat(scene.ask("HEAD /v1/items/nothing").status()).isEqualTo(404);
        assertThat(scene.ask("HEAD /v1/recall").status()).isEqualTo(400);
        RawClient.Answer item = scene.ask("HEAD /v1/items/b");
        RawClient.Answer got = scene.get("/v1/items/b");
        assertThat(item.status()).isEqualTo(200);
        assertThat(item.header("Millrace-Step")).isEqualTo(got.header("Millrace-Step"));
        assertThat(item.header("Content-Length")).isEqualTo(got.header("Content-Length"));
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
        try (RecallServer limited = scene.server(1, 100)) {
            assertThat(three(limited).status()).isEqualTo(200); // two are owed

            RawClient.Answer refused = RawClient.ask(limited.port(), "GET " + target, "");

            refused.problem(429);
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            for (String probe : List.of("GET /livez", "GET /readyz", "GET /metrics")) {
                assertThat(RawClient.ask(limited.port(), probe, "").status()).isEqualTo(200);
            }
        }
    }

    @Test
    void aBatchCostsWhatItsQuestionsCost() throws Exception {
        scene.fill();
        try (RecallServer limited = scene.server(2, 100)) {
            assertThat(RawClient.ask(limited.port(), "GET /v1/recall?user=u1", "")
                            .status())
                    .isEqualTo(200);

            three(limited).problem(429); // its first question is let in
        }
    }

    private static RawClient.Answer three(RecallServer server) throws IOException {
        return RawClient.ask(server.port(), "POST /v1/recall", RecallScene.THREE);
    }

    @Test
    void aRefusedBodyThatIsThereLeavesTheConnectionOpen() throws Exception {
        scene.fill();
        try (RecallServer limited = scene.server(1, 100);
                RawClient client = new RawClient(limited.port())) {
            assertThat(three(limited).status()).isEqualTo(200); // two are owed
            for (int again = 0; again < 3; again++) {
                RawClient.Answer refused = client.send(RawClient.request("POST /v1/recall", "{\"user\":\"u1\"}"))
                        .answer()
                        .orElseThrow();
                assertThat(refused.status()).isEqualTo(429);
                assertThat(refused.header("Connection")).isEmpty();
            }
            // of a body that does not come, nobody knows where the next request begins
            String half = "POST /v1/recall HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1300\r\n\r\n{";
            assertThat(client.send(half).answer().orElseThrow().header("Connection"))
                    .isEqualTo("close");
        }
    }

    @Test
    void headersSayOfWhatAnAnswerWasMade() throws Exception {
        scene.fill();

        for (String target : List.of("/v1/recall?user=u1", "/v1/similar?item=a", "/v1/items/b")) {
            RawClient.Answer answer = scene.get(target);

            assertThat(answer.header("Millrace-Generation")).isEqualTo(answer.text("/generation"));
            assertThat(answer.header("Millrace-Step")).isEqualTo(answer.text("/step"));
        }
        // answers of one batch may be of two steps, and an error is made of nothing
        assertThat(scene.post(RecallScene.THREE).header("Millrace-Step")).isEmpty();
        assertThat(scene.get("/v1/items/nothing").header("Millrace-Step")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/recall/?user=u1",
                "/v1/similar/?item=a",
                "/v1/items/a/",
                "/v1/items/movie/c/",
                "/v1/items/",
                "/livez/",
                "/readyz/",
                "/metrics/",
                "/v1/session/"
            })
    void noSlashAtTheEndIsPassedOver(String target) throws Exception {
        scene.fill();

        scene.get(target).problem(404);
        assertThat(scene.ask("HEAD " + target).status()).isEqualTo(404);
    }
}
