package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.access.AccessSettings;
import dev.millrace.access.HostNames;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.state.Sha256;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
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

    private static final String ROLL_BACK = "/v1/generations/rollback";

    private final RecallScene scene;
    private final RecallServer server;

    OperatorRoutesTest(@TempDir Path folder) throws IOException {
        Path tokens = Files.writeString(
                folder.resolve("tokens"),
                "read sha256:" + Sha256.hex("of-a-reader") + "\nwrite sha256:" + Sha256.hex("of-a-writer")
                        + "\nadmin sha256:" + Sha256.hex("of-an-admin") + " ann\n");
        scene = new RecallScene(folder.resolve("state"));
        server = scene.server(
                new AccessSettings("serve.", Optional.of(tokens), Optional.empty(), HostNames.none("serve.hosts")));
    }

    @AfterEach
    void stop() {
        server.close();
        scene.close();
    }

    @Test
    void anAdminPromotesRollsBackAndErases() throws Exception {
        HttpResponse<String> promoted = scene.send(order("POST", "/v1/generations/g2/b/promote", "of-an-admin"));
        HttpResponse<String> rolledBack = scene.send(order("POST", ROLL_BACK, "of-an-admin"));
        HttpResponse<String> erased = scene.send(order("DELETE", "/v1/users/u1", "of-an-admin"));

        assertThat(promoted.statusCode()).isEqualTo(200);
        assertThat(promoted.body()).isEqualTo("{\"promoted\":\"g2/b\",\"answered\":\"g1\"}");
        assertThat(rolledBack.statusCode()).isEqualTo(200);
        assertThat(rolledBack.body()).isEqualTo("{\"promoted\":\"g0\",\"answered\":\"g1\"}");
        assertThat(erased.statusCode()).isEqualTo(202);
        assertThat(erased.body()).isEqualTo("{\"erased\":\"sha256:of u1\"}");
        assertThat(scene.operations().orders())
                .containsExactly(
                        "promote g2/b by ann by HTTP from 127.0.0.1",
                        "roll back by ann by HTTP from 127.0.0.1",
                        "erase u1 by ann by HTTP from 127.0.0.1");
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /v1/generations/g2/promote",
        "POST, /v1/generations/rollback",
        "POST, /v1/%67enerations/rollback",
        "POST, //v1/generations/rollback",
        "POST, /v1/./generations/rollback",
        "DELETE, /v1/users/u1",
        "DELETE, /v1/u%73ers/u1",
    })
    void whoeverIsNoAdminOrdersNothingHoweverThePathIsSpelt(String method, String path) throws Exception {
        for (String token : new String[] {"of-a-reader", "of-a-writer"}) {
            HttpResponse<String> refused = scene.send(order(method, path, token));

            assertThat(refused.statusCode()).as(token).isIn(400, 403, 404);
        }

        assertThat(scene.operations().orders()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/v1/users/u1/", "/v1/users/u1//", "/v1/users/", "/v1/users//", "/v1/users", "/v1/users/%20/"})
    void aPathThatEndsWithASlashErasesNobody(String path) throws Exception {
        HttpResponse<String> refused = scene.send(order("DELETE", path, "of-an-admin"));

        scene.assertProblem(refused, 404);
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
        scene.send(order("DELETE", path, "of-an-admin"));

        assertThat(scene.operations().orders()).containsExactly("erase " + user + " by ann by HTTP from 127.0.0.1");
    }

    @Test
    void whoeverIsNoAdminIsToldTheRole() throws Exception {
        HttpResponse<String> read = scene.send(order("POST", ROLL_BACK, "of-a-reader"));
        HttpResponse<String> written = scene.send(order("POST", ROLL_BACK, "of-a-writer"));

        scene.assertProblem(read, 403);
        assertThat(scene.json(read).path("detail").asText())
                .isEqualTo("the role admin is needed, and this token has read");
        scene.assertProblem(written, 403);
        assertThat(scene.json(written).path("detail").asText())
                .isEqualTo("the role admin is needed, and this token has write");
    }

    @Test
    void aServerWithoutTokensTakesNoOrders() throws Exception {
        for (HttpRequest request : new HttpRequest[] {
            HttpRequest.newBuilder(scene.uri(ROLL_BACK))
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build(),
            HttpRequest.newBuilder(scene.uri("/v1/users/u1"))
                    .header("Authorization", "Bearer of-an-admin")
                    .DELETE()
                    .build()
        }) {
            HttpResponse<String> refused = scene.send(request);

            scene.assertProblem(refused, 403);
            assertThat(scene.json(refused).path("detail").asText()).contains("serve.tokens.file");
        }
        assertThat(scene.operations().orders()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "text/plain", "application/x-www-form-urlencoded", "text/plain;application/json"})
    void theCookieOrdersNothingWithWhatAPageFromElsewhereMaySend(String contentType) throws Exception {
        HttpRequest.Builder request = byCookie("POST", ROLL_BACK);
        if (!contentType.isEmpty()) {
            request.header("Content-Type", contentType);
        }

        scene.assertProblem(scene.send(request.build()), 415);

        assertThat(scene.operations().orders()).isEmpty();
    }

    @Test
    void theCookieOrdersWithJson() throws Exception {
        for (HttpRequest.Builder request : new HttpRequest.Builder[] {
            byCookie("POST", ROLL_BACK),
            byCookie("POST", "/v1/generations/g2/promote"),
            byCookie("DELETE", "/v1/users/u1")
        }) {
            assertThat(scene.send(request.header("Content-Type", "application/json")
                                    .build())
                            .statusCode())
                    .isIn(200, 202);
        }
        assertThat(scene.operations().orders()).hasSize(3);
    }

    @Test
    void aPageFromElsewhereIsNotLetSendJson() throws Exception {
        HttpRequest preflight = HttpRequest.newBuilder(URI.create(server.url() + ROLL_BACK))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Origin", "http://127.0.0.1:1")
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "content-type")
                .build();

        HttpResponse<String> answer = scene.send(preflight);

        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.headers().map().keySet())
                .noneMatch(name -> name.toLowerCase(java.util.Locale.ROOT).startsWith("access-control"));
    }

    @Test
    void whatTheRulesRefuseIsAConflictInTheirWords() throws Exception {
        scene.operations().failWith(new GenerationRefusedException("there is no generation g9; known: g1"));

        HttpResponse<String> refused = scene.send(order("POST", "/v1/generations/g9/promote", "of-an-admin"));

        scene.assertProblem(refused, 409);
        assertThat(scene.json(refused).path("detail").asText()).isEqualTo("there is no generation g9; known: g1");
    }

    @Test
    void whatTheClusterDoesNotDoIsTold() throws Exception {
        scene.operations().failWith(new BrokerUnreachableException("a record was not taken: late", new IOException()));
        HttpResponse<String> late = scene.send(order("POST", ROLL_BACK, "of-an-admin"));
        scene.operations()
                .failWith(MissingRightException.in(new TopicAuthorizationException(Set.of("users")))
                        .orElseThrow());
        HttpResponse<String> notAllowed = scene.send(order("DELETE", "/v1/users/u1", "of-an-admin"));

        scene.assertProblem(late, 503);
        assertThat(late.headers().firstValue("Retry-After")).contains("1");
        assertThat(late.body()).contains("a record was not taken: late");
        scene.assertProblem(notAllowed, 500);
        assertThat(notAllowed.body()).contains("the cluster does not allow", "topic users");
    }

    @Test
    void anOrderHasNothingButItsPath() throws Exception {
        for (HttpRequest request : new HttpRequest[] {
            request("POST", ROLL_BACK, HttpRequest.BodyPublishers.ofString("{\"to\":\"g0\"}"), "of-an-admin"),
            request("POST", ROLL_BACK, HttpRequest.BodyPublishers.ofString("to=g0"), "of-an-admin"),
            order("POST", ROLL_BACK + "?to=g0", "of-an-admin"),
            order("DELETE", "/v1/users/" + "x".repeat(257), "of-an-admin")
        }) {
            scene.assertProblem(scene.send(request), 400);
        }
        assertThat(scene.operations().orders()).isEmpty();
        assertThat(scene.send(request("POST", ROLL_BACK, HttpRequest.BodyPublishers.ofString("{}"), "of-an-admin"))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void anotherMethodIsToldThoseThatAreTaken() throws Exception {
        HttpResponse<String> asked = scene.send(order("GET", ROLL_BACK, "of-a-reader"));
        HttpResponse<String> put = scene.send(order("PUT", "/v1/users/u1", "of-an-admin"));

        scene.assertProblem(asked, 405);
        assertThat(asked.headers().firstValue("Allow")).contains("POST");
        scene.assertProblem(put, 405);
        assertThat(put.headers().firstValue("Allow")).contains("DELETE");
    }

    @Test
    void aVisitorIsToldTheRoleOfTheToken() throws Exception {
        HttpResponse<String> admin = scene.send(HttpRequest.newBuilder(URI.create(server.url() + "/v1/session"))
                .header("Cookie", "millrace=of-an-admin")
                .build());
        HttpResponse<String> reader = scene.send(order("GET", "/v1/session", "of-a-reader"));
        HttpResponse<String> anybody = scene.get("/v1/session");

        assertThat(admin.body()).isEqualTo("{\"role\":\"admin\",\"name\":\"ann\"}");
        assertThat(reader.body())
                .isEqualTo("{\"role\":\"read\",\"name\":\"sha256:"
                        + Sha256.hex("of-a-reader").substring(0, 12) + "\"}");
        assertThat(anybody.body()).isEqualTo("{\"role\":\"write\"}");
    }

    private HttpRequest order(String method, String path, String token) {
        return request(method, path, HttpRequest.BodyPublishers.noBody(), token);
    }

    private HttpRequest request(String method, String path, HttpRequest.BodyPublisher body, String token) {
        return HttpRequest.newBuilder(URI.create(server.url() + path))
                .method(method, body)
                .header("Authorization", "Bearer " + token)
                .build();
    }

    private HttpRequest.Builder byCookie(String method, String path) {
        return HttpRequest.newBuilder(URI.create(server.url() + path))
                .method(method, HttpRequest.BodyPublishers.ofString("{}"))
                .header("Cookie", "millrace=of-an-admin");
    }
}
