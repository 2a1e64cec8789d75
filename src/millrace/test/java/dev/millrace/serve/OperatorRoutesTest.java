package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.state.Sha256;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server with a reader, a writer and an admin. */
class OperatorRoutesTest {

    private static final String ROLL_BACK = "POST /v1/generations/rollback";
    private static final String ADMIN = "Authorization: Bearer of-an-admin";
    private static final String READER = "Authorization: Bearer of-a-reader";
    private static final String WRITER = "Authorization: Bearer of-a-writer";

    private final RecallScene scene;
    private final RecallServer server;

    OperatorRoutesTest(@TempDir Path folder) throws IOException {
        Path tokens = RecallScene.tokens(
                folder.resolve("tokens"), "read of-a-reader", "write of-a-writer", "admin of-an-admin ann");
        scene = new RecallScene(folder.resolve("state"));
        server = scene.server(Optional.of(tokens), Optional.empty());
    }

    @AfterEach
    void stop() {
        server.close();
        scene.close();
    }

    @Test
    void anAdminPromotesRollsBackAndErases() throws Exception {
        RawClient.Answer promoted = ask("POST /v1/generations/g2/b/promote", ADMIN);
        RawClient.Answer rolledBack = ask(ROLL_BACK, ADMIN);
        RawClient.Answer erased = ask("DELETE /v1/users/u1", ADMIN);

        assertThat(promoted.status()).isEqualTo(200);
        assertThat(promoted.body()).isEqualTo("{\"promoted\":\"g2/b\",\"answered\":\"g1\"}");
        assertThat(rolledBack.status()).isEqualTo(200);
        assertThat(rolledBack.body()).isEqualTo("{\"promoted\":\"g0\",\"answered\":\"g1\"}");
        assertThat(erased.status()).isEqualTo(202);
        assertThat(erased.body()).isEqualTo("{\"erased\":\"sha256:of u1\"}");
        assertThat(scene.operations().orders())
                .containsExactly(
                        "promote g2/b by ann by HTTP from 127.0.0.1",
                        "roll back by ann by HTTP from 127.0.0.1",
                        "erase u1 by ann by HTTP from 127.0.0.1");
    }

    @Test
    void anAdminStartsAndStopsAnExperiment() throws Exception {
        RawClient.Answer started = post(
                "POST /v1/experiments/trial",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [1, 10.5], \"every\": \"30m\","
                        + " \"goal\": \"like\", \"uplift\": 0.1, \"error\": 0.01, \"maxAge\": \"20m\","
                        + " \"guards\": {\"p99\": \"1.5x\", \"vector-age\": 60.5}}",
                ADMIN);
        RawClient.Answer stopped = ask("POST /v1/experiments/trial/stop", ADMIN);

        assertThat(started.body())
                .isEqualTo("{\"experiment\":\"trial\",\"control\":\"g1\",\"treatment\":\"g2\",\"stage\":1,"
                        + "\"percent\":1.0}");
        assertThat(stopped.body()).contains("\"end\":\"enough\"");
        assertThat(scene.operations().orders())
                .containsExactly(
                        "try g2 beside g1 as Plan[action=like, per=EXPOSURE, uplift=0.1, error=0.01, ramp=[1.0, 10.5], every=PT30M,"
                                + " maxAge=PT20M, guards={P99=1.5x, VECTOR_AGE=60.5}] by ann by HTTP from 127.0.0.1",
                        "stop trial by ann by HTTP from 127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"arms\": [\"g1\"], \"ramp\": [1]}",
                "{\"arms\": [\"g1\", \"g2\"]}",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [10, 1]}",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [\"x\"]}",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [1], \"every\": \"soon\"}",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [1], \"salt\": \"s\"}",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [1], \"guards\": {\"p98\": 1}}",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [1], \"guards\": {\"empty\": 2}}",
                "{\"arms\": [\"g1\", \"g2\"], \"ramp\": [1], \"guards\": {\"p99\": \"fast\"}}",
            })
    void anExperimentThatCannotBeIsRefused(String body) throws Exception {
        post("POST /v1/experiments/trial", body, ADMIN).problem(400);

        assertThat(scene.operations().orders()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /v1/experiments/trial",
                "POST /v1/experiments/trial/stop",
                "POST /v1/%65xperiments/trial",
                "POST /v1/generations/g2/promote",
                "POST /v1/generations/rollback",
                "POST /v1/%67enerations/rollback",
                "POST //v1/generations/rollback",
                "POST /v1/./generations/rollback",
                "DELETE /v1/users/u1",
                "DELETE /v1/u%73ers/u1",
            })
    void whoeverIsNoAdminOrdersNothingHoweverThePathIsSpelt(String line) throws Exception {
        assertThat(ask(line, READER).status()).isIn(400, 403, 404);
        assertThat(ask(line, WRITER).status()).isIn(400, 403, 404);

        assertThat(scene.operations().orders()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/v1/users/u1/", "/v1/users/u1//", "/v1/users/", "/v1/users//", "/v1/users", "/v1/users/%20/"})
    void aPathThatEndsWithASlashErasesNobody(String path) throws Exception {
        ask("DELETE " + path, ADMIN).problem(404);

        assertThat(scene.operations().orders()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/users/u1%2F, u1/",
        "/v1/users//u1, /u1",
        "/v1/users/u1/., u1/.",
        "/v1/users/u2/../u1, u2/../u1",
        "/v1/users/u1;x, u1;x",
    })
    void anIdIsErasedAsItIsWritten(String path, String user) throws Exception {
        ask("DELETE " + path, ADMIN);

        assertThat(scene.operations().orders()).containsExactly("erase " + user + " by ann by HTTP from 127.0.0.1");
    }

    @Test
    void whoeverIsNoAdminIsToldTheRole() throws Exception {
        assertThat(ask(ROLL_BACK, READER).problem(403)).contains("role admin", "has read");
        assertThat(ask(ROLL_BACK, WRITER).problem(403)).contains("role admin", "has write");
    }

    @Test
    void aServerWithoutTokensTakesNoOrders() throws Exception {
        assertThat(scene.ask(ROLL_BACK).problem(403)).contains("serve.tokens.file");
        assertThat(scene.ask("DELETE /v1/users/u1", ADMIN).problem(403)).contains("serve.tokens.file");

        assertThat(scene.operations().orders()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "text/plain", "application/x-www-form-urlencoded", "text/plain;application/json"})
    void foreignPagesOrderNothingWithTheCookie(String contentType) throws Exception {
        ask(ROLL_BACK, session(), contentType.isEmpty() ? "A: b" : "Content-Type: " + contentType)
                .problem(415);

        assertThat(scene.operations().orders()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {ROLL_BACK, "POST /v1/generations/g2/promote", "DELETE /v1/users/u1"})
    void theCookieOrdersWithJson(String line) throws Exception {
        assertThat(post(line, "{}", session(), "Content-Type: application/json").status())
                .isIn(200, 202);
        assertThat(scene.operations().orders()).hasSize(1);
    }

    private String session() throws Exception {
        String cookie = ask("POST /v1/session", ADMIN).header("Set-Cookie");
        return "Cookie: " + cookie.substring(0, cookie.indexOf(';'));
    }

    @Test
    void aPageFromElsewhereIsNotLetSendJson() throws Exception {
        RawClient.Answer preflight = ask(
                "OPTIONS /v1/generations/rollback",
                "Origin: http://127.0.0.1:1",
                "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: content-type");

        assertThat(preflight.status()).isEqualTo(403);
        assertThat(preflight.head()).doesNotContainIgnoringCase("access-control");
    }

    @Test
    void whatTheRulesOrTheClusterRefuseIsToldInTheirWords() throws Exception {
        scene.operations().failWith(new GenerationRefusedException("there is no generation g9; known: g1"));
        assertThat(ask("POST /v1/generations/g9/promote", ADMIN).problem(409))
                .isEqualTo("there is no generation g9; known: g1");

        scene.operations().failWith(new BrokerUnreachableException("a record was not taken: late", new IOException()));
        RawClient.Answer late = ask(ROLL_BACK, ADMIN);
        assertThat(late.problem(503)).contains("a record was not taken: late");
        assertThat(late.header("Retry-After")).isEqualTo("1");

        TopicAuthorizationException notAllowed = new TopicAuthorizationException(Set.of("users"));
        scene.operations().failWith(MissingRightException.in(notAllowed).orElseThrow());
        assertThat(ask("DELETE /v1/users/u1", ADMIN).problem(500)).contains("topic users");
    }

    @Test
    void anOrderHasNothingButItsPath() throws Exception {
        post(ROLL_BACK, "{\"to\":\"g0\"}", ADMIN).problem(400);
        post(ROLL_BACK, "to=g0", ADMIN).problem(400);
        ask(ROLL_BACK + "?to=g0", ADMIN).problem(400);
        ask("DELETE /v1/users/" + "x".repeat(257), ADMIN).problem(400);
        assertThat(scene.operations().orders()).isEmpty();

        assertThat(post(ROLL_BACK, "{}", ADMIN).status()).isEqualTo(200);
    }

    @Test
    void aVisitorIsToldTheRoleOfTheToken() throws Exception {
        String digest = Sha256.hex("of-a-reader").substring(0, 12);

        assertThat(ask("GET /v1/session", session()).body()).isEqualTo("{\"role\":\"admin\",\"name\":\"ann\"}");
        assertThat(ask("GET /v1/session", READER).body())
                .isEqualTo("{\"role\":\"read\",\"name\":\"sha256:" + digest + "\"}");
        assertThat(scene.get("/v1/session").body()).isEqualTo("{\"role\":\"write\"}");
    }

    private RawClient.Answer ask(String line, String... headers) throws IOException {
        return post(line, "", headers);
    }

    private RawClient.Answer post(String line, String body, String... headers) throws IOException {
        return RawClient.ask(server.port(), line, body, headers);
    }
}
