package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.access.AccessSettings;
import dev.millrace.access.HostNames;
import dev.millrace.access.PemCertificates;
import dev.millrace.access.PemFiles;
import dev.millrace.state.Sha256;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server with tokens, and one with TLS too. */
class TokenGuardTest {

    private static final String READER = "reader-0123456789abcdef";
    private static final String WRITER = "writer-0123456789abcdef";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path folder;
    private final Path tokens;
    private final RecallScene scene;
    private final RecallServer server;

    TokenGuardTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        tokens = folder.resolve("tokens");
        write("read", READER, "write", WRITER);
        scene = new RecallScene(folder.resolve("state"));
        scene.fill();
        server = scene.server(
                new AccessSettings("serve.", Optional.of(tokens), Optional.empty(), HostNames.none("serve.hosts")));
    }

    @AfterEach
    void stop() {
        server.close();
        scene.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz"})
    void healthNeedsNoToken(String path) throws Exception {
        assertThat(scene.send(request(path).build()).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/recall?user=u1",
                "/v1/similar?item=a",
                "/v1/items/a",
                "/v1/users/u1",
                "/v1/live",
                "/v1/series",
                "/v1/map",
                "/v1/dead-letters",
                "/v1/session",
                "/v1/generations/rollback",
                "/metrics",
                "/no-such-path",
                "/livez/",
                "//livez",
                "/page/../v1/recall?user=u1",
                "/page/%2e%2e/v1/recall?user=u1",
                "/page/main.js;/../../metrics",
            })
    void whatSaysAnythingNeedsAToken(String target) throws Exception {
        for (String method : new String[] {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}) {
            HttpRequest.Builder request = request(target).method(method, HttpRequest.BodyPublishers.ofString("{}"));
            HttpResponse<String> without = scene.send(request.build());

            assertThat(without.statusCode()).as(method).isEqualTo(401);
            assertThat(without.headers().firstValue("WWW-Authenticate")).contains("Bearer realm=\"millrace\"");
            assertThat(scene.send(request.setHeader("Authorization", "Bearer of-nobody")
                                    .build())
                            .statusCode())
                    .as(method)
                    .isEqualTo(401);
        }
        scene.assertProblem(scene.send(request(target).build()), 401);
    }

    @Test
    void aReaderMayAsk() throws Exception {
        assertThat(scene.found(scene.send(bearing(READER, "/v1/recall?user=u1").build())))
                .isNotEmpty();
        assertThat(scene.found(scene.send(bearing(READER, "/v1/recall")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"user\":\"u1\"}"))
                        .build())))
                .isNotEmpty();
        assertThat(scene.send(bearing(READER, "/metrics").build()).statusCode()).isEqualTo(200);
        assertThat(scene.send(request("/v1/recall?user=u1")
                                .header("Authorization", "bearer  " + READER + " ")
                                .build())
                        .statusCode())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"POST, /v1/clicks", "POST, /v1/items/a", "PUT, /v1/recall", "DELETE, /v1/items/a", "PROPFIND, /metrics"
    })
    void whatMayChangeSomethingNeedsAWriter(String method, String path) throws Exception {
        HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofString("{}");

        scene.assertProblem(
                scene.send(bearing(READER, path).method(method, body).build()), 403);
        assertThat(scene.send(bearing(WRITER, path).method(method, body).build())
                        .statusCode())
                .isIn(404, 405); // it passes; this server has no such thing
        assertThat(scene.send(bearing(WRITER, "/v1/recall?user=u1").build()).statusCode())
                .isEqualTo(200);
    }

    @Test
    void aTokenIsExchangedForACookie() throws Exception {
        HttpResponse<String> exchanged = scene.send(bearing(READER, "/v1/session")
                .POST(HttpRequest.BodyPublishers.noBody())
                .build());
        String cookie = exchanged.headers().firstValue("Set-Cookie").orElseThrow();

        assertThat(exchanged.statusCode()).isEqualTo(204);
        assertThat(cookie)
                .startsWith("millrace=" + READER + ";")
                .contains("Path=/", "HttpOnly", "SameSite=Strict")
                .doesNotContain("Secure", "Max-Age", "Expires");
        String pair = cookie.substring(0, cookie.indexOf(';'));
        assertThat(scene.send(request("/v1/recall?user=u1")
                                .header("Cookie", pair)
                                .build())
                        .statusCode())
                .isEqualTo(200);
        assertThat(scene.send(request("/v1/recall?user=u1")
                                .header("Cookie", "millrace=of-nobody")
                                .build())
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void aCookieIsNotExchanged() throws Exception {
        HttpRequest request = request("/v1/session")
                .header("Cookie", "millrace=" + READER)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();

        scene.assertProblem(scene.send(request), 401);
    }

    @Test
    void aChangedFileCountsWithoutARestartAndOneThatCannotBeUsedDoesNot() throws Exception {
        write("read", "another-token");
        await().atMost(PATIENCE).until(() -> statusOf("another-token") == 200 && statusOf(READER) == 401);

        try (LoggedWarnings logged = new LoggedWarnings()) {
            Files.writeString(tokens, "read another\n");
            await().atMost(PATIENCE)
                    .until(() -> logged.lines().stream().anyMatch(line -> line.contains("Reload failed")));
        }

        assertThat(statusOf("another-token")).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFileThatIsEmptiedOrGoneLetsNobodyInUntilItHasATokenAgain(boolean isGone) throws Exception {
        if (isGone) {
            Files.delete(tokens);
        } else {
            Files.writeString(tokens, "# nobody\n");
        }
        await().atMost(PATIENCE).until(() -> statusOf(READER) == 401);
        assertThat(scene.send(request("/v1/recall?user=u1").build()).statusCode())
                .isEqualTo(401);
        assertThat(scene.send(request("/livez").build()).statusCode()).isEqualTo(200);

        write("read", READER);

        await().atMost(PATIENCE).until(() -> statusOf(READER) == 200);
    }

    @Test
    void aChangeThatKeepsLengthAndTimeOfTheFileCounts() throws Exception {
        FileTime before = Files.getLastModifiedTime(tokens);
        write("read", "another-0123456789abcdef", "write", WRITER);
        Files.setLastModifiedTime(tokens, before);

        await().atMost(PATIENCE).until(() -> statusOf(READER) == 401 && statusOf("another-0123456789abcdef") == 200);
    }

    @Test
    void withTlsTheCookieIsSecureAndAChangedCertificateCounts() throws Exception {
        Path of = Files.createDirectory(folder.resolve("tls"));
        PemFiles files = PemCertificates.write(of, "one", "EC");
        try (RecallServer secure = scene.server(
                new AccessSettings("serve.", Optional.of(tokens), Optional.of(files), HostNames.none("serve.hosts")))) {
            assertThat(secure.url()).isEqualTo("https://127.0.0.1:" + secure.port());
            HttpRequest exchange = HttpRequest.newBuilder(URI.create(secure.url() + "/v1/session"))
                    .header("Authorization", "Bearer " + READER)
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build();

            HttpResponse<String> exchanged = trusting().send(exchange, HttpResponse.BodyHandlers.ofString());

            assertThat(exchanged.headers().firstValue("Set-Cookie").orElseThrow())
                    .contains("Secure");
            assertThat(ownerOfCertificate(exchanged)).isEqualTo("CN=one");
            assertThatThrownBy(() -> HttpClient.newHttpClient().send(exchange, HttpResponse.BodyHandlers.discarding()))
                    .isInstanceOf(SSLHandshakeException.class);

            PemCertificates.write(of, "another", "RSA");
            await().atMost(PATIENCE)
                    .until(() -> ownerOfCertificate(trusting().send(exchange, HttpResponse.BodyHandlers.ofString()))
                            .equals("CN=another"));
        }
    }

    @Test
    void withTlsItAnswersToAnAddressThatTheCertificateDoesNotHave() throws Exception {
        PemFiles files = PemCertificates.write(Files.createDirectory(folder.resolve("tls")), "one", "EC");
        try (RecallServer secure = scene.server(new AccessSettings(
                        "serve.", Optional.of(tokens), Optional.of(files), HostNames.none("serve.hosts")));
                Socket socket = taking().getSocketFactory().createSocket("127.0.0.1", secure.port())) {
            String request = "GET /livez HTTP/1.1\r\nHost: 10.1.2.3:8080\r\nConnection: close\r\n\r\n"; // as a kubelet

            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    private static String ownerOfCertificate(HttpResponse<String> response) throws Exception {
        X509Certificate certificate =
                (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
        return certificate.getSubjectX500Principal().getName();
    }

    /** A client that takes any certificate, in a connection of its own. */
    private static HttpClient trusting() throws Exception {
        return HttpClient.newBuilder().sslContext(taking()).build();
    }

    private static SSLContext taking() throws Exception {
        SSLContext any = SSLContext.getInstance("TLS");
        any.init(null, SslContextFactory.TRUST_ALL_CERTS, null);
        return any;
    }

    private int statusOf(String token) throws Exception {
        return scene.send(bearing(token, "/v1/recall?user=u1").build()).statusCode();
    }

    private HttpRequest.Builder bearing(String token, String target) {
        return request(target).header("Authorization", "Bearer " + token);
    }

    private HttpRequest.Builder request(String target) {
        return HttpRequest.newBuilder(URI.create(server.url() + target));
    }

    private void write(String... rolesAndTokens) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int at = 0; at < rolesAndTokens.length; at += 2) {
            lines.append(rolesAndTokens[at])
                    .append(" sha256:")
                    .append(Sha256.hex(rolesAndTokens[at + 1]))
                    .append('\n');
        }
        Files.writeString(tokens, lines);
    }
}
