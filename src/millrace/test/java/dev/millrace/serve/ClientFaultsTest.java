package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a client sends: it gets a problem that names its fault, and the log of the server gets nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientFaultsTest {

    private static final String HOST_ALONE = "Host: localhost\r\n";
    private static final String HOST = "Host: localhost\r\nConnection: close\r\n";
    private static final String POST = "POST /v1/recall HTTP/1.1\r\n" + HOST;
    private static final String CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";
    private static final String GOOD_BODY = "{\"user\": \"u1\"}";

    private final RecallScene scene;
    private LoggedWarnings logged;

    ClientFaultsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
    }

    @BeforeAll
    void start() {
        scene.fill();
        logged = new LoggedWarnings();
    }

    @AfterAll
    void stop() {
        scene.close();
        logged.close();
    }

    @ParameterizedTest
    @MethodSource({"heads", "targets", "methods", "bodies", "json"})
    void aFaultOfTheClientIsAProblemAndNoLine(String fault, String request, int status) throws Exception {
        Optional<RawClient.Answer> answer;
        try (RawClient client = new RawClient(scene.port())) {
            answer = client.send(request).endOfInput().answer();
        }

        assertThat(answer).as("an answer to " + fault).isPresent();
        answer.get().problem(status);
        assertNothingHappened();
    }

    static Stream<Arguments> heads() {
        return Stream.of(
                fault("no request", "garbage\r\n\r\n", 400),
                fault("a line without a version", "GET /livez\r\n" + HOST + "\r\n", 505),
                fault("an unknown version", "GET /livez HTTP/9.9\r\n" + HOST + "\r\n", 505),
                fault("binary", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n", 400),
                fault("no host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
                fault("two hosts", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
                fault("a host that is none", "GET /livez HTTP/1.1\r\nHost: a:b:c\r\n\r\n", 400),
                fault("an authority beside the host", "GET http://other/livez HTTP/1.1\r\n" + HOST + "\r\n", 400),
                fault("a header without colon", "GET /livez HTTP/1.1\r\n" + HOST + "Nothing\r\n\r\n", 400),
                fault("a header with NUL", "GET /livez HTTP/1.1\r\n" + HOST + "A: b\u0000c\r\n\r\n", 400),
                fault("a folded header", "GET /livez HTTP/1.1\r\n" + HOST + "A: b\r\n c\r\n\r\n", 400),
                fault("a space before the colon", "GET /livez HTTP/1.1\r\n" + HOST + "A : b\r\n\r\n", 400),
                fault("a large header", "GET /livez HTTP/1.1\r\n" + HOST + "A: " + "x".repeat(9_000) + "\r\n\r\n", 431),
                fault("many headers", "GET /livez HTTP/1.1\r\n" + HOST + "A: b\r\n".repeat(5_000) + "\r\n", 431),
                fault("an expectation", "GET /livez HTTP/1.1\r\n" + HOST + "Expect: cake\r\n\r\n", 417),
                fault("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 426));
    }

    static Stream<Arguments> targets() {
        return Stream.of(
                get("a long target", "/v1/recall?user=" + "x".repeat(20_000), 414),
                get("an unknown path", "/nothing", 404),
                get("no path", "nothing", 400),
                get("a query with half an escape", "/v1/recall?user=%", 400),
                get("a generation with a wrong escape", "/v1/recall?user=u1&generation=g%zz", 400),
                get("a number with half an escape", "/v1/recall?user=u1&k=1%", 400),
                get("a name with a wrong escape", "/v1/recall?%zz=u1", 400),
                get("a query with %u", "/v1/recall?user=%u0041", 400),
                get("a raw byte in a user", "/v1/recall?user=\u00ff", 400),
                get("half a surrogate in a user", "/v1/recall?user=%ed%a0%80", 400),
                get("an overlong form in a user", "/v1/recall?user=%c0%af", 400),
                get("a path with a wrong escape", "/v1/items/%zz", 400),
                get("NUL in a path", "/v1/items/%00", 400),
                get("broken UTF-8 in a path", "/v1/items/%ff", 400),
                get("a path upwards", "/v1/../../etc/passwd", 400),
                get("an escaped path upwards", "/%2e%2e/%2e%2e/etc/passwd", 400),
                get("a parameter of the path", "/livez;a=b", 404),
                get("an ambiguous segment", "/v1/..;/livez", 400),
                get("a bound that is none", "/v1/recall?user=u1&filter.price.min=NaN", 400));
    }

    static Stream<Arguments> methods() {
        return Stream.of(
                fault("an unknown method", "FOO /v1/recall HTTP/1.1\r\n" + HOST + "\r\n", 405),
                fault("a method in small letters", "get /v1/recall HTTP/1.1\r\n" + HOST + "\r\n", 405),
                fault("an unknown method elsewhere", "FOO /nothing HTTP/1.1\r\n" + HOST + "\r\n", 404),
                fault("TRACE", "TRACE /livez HTTP/1.1\r\n" + HOST + "\r\n", 405),
                fault("OPTIONS", "OPTIONS /livez HTTP/1.1\r\n" + HOST + "\r\n", 405),
                fault("OPTIONS of all", "OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n", 404),
                fault("CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 404),
                fault("DELETE", "DELETE /v1/items/a HTTP/1.1\r\n" + HOST + "\r\n", 405),
                fault(
                        "POST of a question to health",
                        "POST /readyz HTTP/1.1\r\n" + HOST + "Content-Length: 0\r\n\r\n",
                        405),
                fault(
                        "another protocol",
                        "GET /nothing HTTP/1.1\r\n" + HOST_ALONE + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                        404));
    }

    static Stream<Arguments> bodies() {
        return Stream.of(
                fault("a length that is no number", POST + "Content-Length: many\r\n\r\n", 400),
                fault("a negative length", POST + "Content-Length: -1\r\n\r\n", 400),
                fault("an endless length", POST + "Content-Length: 99999999999999999999\r\n\r\n", 400),
                fault("two lengths", POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
                fault(
                        "a length and chunks",
                        POST + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        400),
                fault("an unknown encoding", POST + "Transfer-Encoding: cake\r\n\r\n", 400),
                fault("chunks beneath another encoding", POST + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
                fault("a compressed body", POST + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
                fault("a body that is too long", POST + "Content-Length: 2001\r\n\r\n" + " ".repeat(2_001), 413),
                fault("a body said to be too long", POST + "Content-Length: 2000000000\r\n\r\n", 413),
                fault(
                        "chunks that are too many",
                        CHUNKED + "3e8\r\n" + " ".repeat(1_000) + "\r\n3e9\r\n" + " ".repeat(1_001) + "\r\n0\r\n\r\n",
                        413),
                fault("a chunk of no number", CHUNKED + "zz\r\n{}\r\n0\r\n\r\n", 400),
                fault("a chunk of a negative number", CHUNKED + "-2\r\n{}\r\n0\r\n\r\n", 400),
                fault("a chunk beyond all numbers", CHUNKED + "fffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400),
                fault("a chunk longer than its number", CHUNKED + "1\r\n{}\r\n0\r\n\r\n", 400),
                fault("a chunk that ends early", CHUNKED + "ff\r\n{}", 400),
                fault("chunks that end early", CHUNKED + "2\r\n{}\r\n", 400),
                fault("a body that ends early", POST + "Content-Length: 100\r\n\r\n" + GOOD_BODY, 400),
                fault("no body", POST + "Content-Length: 0\r\n\r\n", 400),
                fault("no body and no length", POST + "\r\n", 400));
    }

    static Stream<Arguments> json() {
        return Stream.of(
                body("blanks", "  \n ", 400),
                body("half an object", "{\"user\": ", 400),
                body("no JSON", "user=u1", 400),
                body("null", "null", 400),
                body("a user that is a number", "{\"user\": 1}", 400),
                body("a user of half a surrogate", "{\"user\": \"\\ud800\"}", 400),
                body("a user with NUL", "{\"user\": \"\\u0000\"}", 400),
                body("broken UTF-8", "{\"user\": \"\u00ff\u00fe\"}", 400),
                body("UTF-8 that ends early", "{\"user\": \"\u00e2\u0082", 400),
                body("UTF-32 that is none", "\u0000\u0000\u0000{\u00ff\u00ff\u00ff\u00ff", 400),
                body("UTF-16 that ends early", "\u00fe\u00ff\u0000{\u0000", 400),
                body("Latin-1 with its mark", "\u00ff\u00fe", 400),
                body("a deep array", "[".repeat(1_500), 400),
                body("a deep object", "{\"a\":".repeat(300) + "1" + "}".repeat(300), 400),
                body(
                        "a deep context",
                        "{\"user\": \"u1\", \"context\": {\"a\": " + "[".repeat(900) + "]".repeat(900) + "}}",
                        400),
                body("a long number", "{\"user\": \"u1\", \"k\": " + "9".repeat(1_500) + "}", 400),
                body("a large number", "{\"user\": \"u1\", \"k\": 1e999999999}", 400),
                body("NaN", "{\"user\": \"u1\", \"weights\": {\"popularity\": NaN}}", 400),
                body("an endless weight", "{\"user\": \"u1\", \"weights\": {\"popularity\": 1e999}}", 400),
                body("an endless feature", "{\"user\": \"u1\", \"features\": {\"age\": 1e999}}", 400),
                body("an endless component", "{\"user\": \"u1\", \"features\": {\"age\": [1e300]}}", 400),
                body("a feature of half a surrogate", "{\"user\": \"u1\", \"features\": {\"a\": \"\\udc00\"}}", 400),
                body("a feature that is true", "{\"user\": \"u1\", \"features\": {\"a\": true}}", 400),
                body("features that are a list", "{\"user\": \"u1\", \"features\": [1]}", 400),
                body("a filter that is a list", "{\"user\": \"u1\", \"filter\": []}", 400),
                body("a history of numbers", "{\"user\": \"u1\", \"history\": [[]]}", 400),
                body("a history of blanks", "{\"user\": \"u1\", \"history\": [\" \"]}", 400),
                body("requests that are no list", "{\"requests\": {}}", 400));
    }

    @Test
    void whoGoesAwayLeavesNoLine() throws Exception {
        for (String sent : new String[] {
            "",
            "GE",
            "GET /livez HTTP/1.1\r\n",
            "GET /v1/recall?user=u1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            POST + "Content-Length: 100\r\n\r\n",
            POST + "Content-Length: 100\r\n\r\n{",
            CHUNKED,
            CHUNKED + "ff\r\n{"
        }) {
            new RawClient(scene.port()).send(sent).abort();
            try (RawClient client = new RawClient(scene.port())) {
                client.send(sent);
            }
        }

        assertNothingHappened();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1\u00b4/recall", "/v1/re\\call", "http:/v1/recall"})
    void aFaultBehindAGoodRequestLeavesNoLine(String target) throws Exception {
        for (int at = 0; at < 100; at++) { // a race: of 100, some 15 left a line
            try (RawClient client = new RawClient(scene.port())) {
                client.send("GET /v1/recall?user=u1 HTTP/1.1\r\n" + HOST_ALONE + "\r\nGET " + target + " HTTP/1.1\r\n"
                        + HOST_ALONE + "\r\n");

                assertThat(client.answer().map(RawClient.Answer::status)).contains(200);
                assertThat(client.answer().map(RawClient.Answer::status)).contains(400);
            }
        }

        assertNothingHappened();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1\u00b4/recall", "%v1", "/v1/%recall", "/v1/items/\u007f", "nothing"})
    void whoseTargetIsNoneIsToldThatTheConnectionEnds(String target) throws Exception {
        try (RawClient client = new RawClient(scene.port())) {
            Optional<RawClient.Answer> answer = client.send("GET " + target + " HTTP/1.1\r\n" + HOST_ALONE + "\r\n")
                    .answer();

            assertThat(answer.orElseThrow().status()).isEqualTo(400);
            assertThat(answer.get().head()).containsIgnoringCase("\r\nConnection: close\r\n");
            assertThat(client.answer()).isEmpty();
        }
        assertNothingHappened();
    }

    /** The server answers as before, and has logged nothing. */
    private void assertNothingHappened() throws Exception {
        assertThat(scene.post(GOOD_BODY).status()).isEqualTo(200);
        assertThat(logged.lines()).isEmpty();
    }

    private static Arguments get(String fault, String target, int status) {
        return fault(fault, "GET " + target + " HTTP/1.1\r\n" + HOST + "\r\n", status);
    }

    private static Arguments body(String fault, String body, int status) {
        return fault(fault, POST + "Content-Length: " + body.length() + "\r\n\r\n" + body, status);
    }

    private static Arguments fault(String fault, String request, int status) {
        return Arguments.of(fault, request, status);
    }
}
