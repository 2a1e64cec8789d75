package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.access.PemCertificates;
import dev.millrace.access.PemFiles;
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
import org.junit.jupiter.params.provider.ValueSource;

/** A server with tokens, and one with TLS too. */
class TokenGuardTest {

    private static final String READER = "reader-0123456789abcdef";
    private static final String WRITER = "writer-0123456789abcdef";
    private static final String READS = "Authorization: Bearer " + READER;
    private static final String WRITES = "Authorization: Bearer " + WRITER;
    private static final String ASKED = "GET /v1/recall?user=u1";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path folder;
    private final Path tokens;
    private final RecallScene scene;
    private final RecallServer server;

    TokenGuardTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        tokens = RecallScene.tokens(folder.resolve("tokens"), "read " + READER, "write " + WRITER);
        scene = new RecallScene(folder.resolve("state"));
        scene.fill();
        server = scene.server(Optional.of(tokens), Optional.empty());
    }

    @AfterEach
    void stop() {
        server.close();
        scene.close();
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
            RawClient.Answer without = ask(method + " " + target);

            assertThat(without.status()).as(method).isEqualTo(401);
            assertThat(without.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"millrace\"");
            assertThat(status(method + " " + target, "Authorization: Bearer of-nobody"))
                    .as(method)
                    .isEqualTo(401);
        }
        ask("GET " + target).problem(401);
    }

    @Test
    void healthNeedsNoTokenAndAReaderMayAsk() throws Exception {
        assertThat(status("GET /livez")).isEqualTo(200);
        assertThat(status("GET /readyz")).isEqualTo(200);
        assertThat(RecallScene.found(ask(ASKED, READS))).isNotEmpty();
        assertThat(RecallScene.found(RawClient.ask(server.port(), "POST /v1/recall", "{\"user\":\"u1\"}", READS)))
                .isNotEmpty();
        assertThat(status("GET /metrics", READS)).isEqualTo(200);
        assertThat(status(ASKED, "Authorization: bearer  " + READER + " ")).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /v1/clicks",
                "POST /v1/items/a",
                "PUT /v1/recall",
                "DELETE /v1/items/a",
                "PROPFIND /metrics"
            })
    void whatMayChangeSomethingNeedsAWriter(String line) throws Exception {
        ask(line, READS).problem(403);
        assertThat(status(line, WRITES)).isIn(404, 405); // it passes; this server has no such thing
        assertThat(status(ASKED, WRITES)).isEqualTo(200);
    }

    @Test
    void aTokenIsExchangedForACookieAndACookieForNothing() throws Exception {
        RawClient.Answer exchanged = ask("POST /v1/session", READS);
        String cookie = exchanged.header("Set-Cookie");

        assertThat(exchanged.status()).isEqualTo(204);
        assertThat(cookie)
                .startsWith("millrace=")
                .contains("Path=/", "HttpOnly", "SameSite=Strict")
                .doesNotContain("Secure", "Max-Age", "Expires", READER); // other ports of this host read it
        String session = "Cookie: " + cookie.substring(0, cookie.indexOf(';'));
        assertThat(status(ASKED, session)).isEqualTo(200);
        assertThat(status(ASKED, "Cookie: millrace=" + READER)).isEqualTo(401);
        assertThat(status(ASKED, "Cookie: millrace=of-nobody")).isEqualTo(401);
        ask("POST /v1/session", session).problem(401);
    }

    @Test
    void usableChangesOfTheFileCountAtOnce() throws Exception {
        FileTime before = Files.getLastModifiedTime(tokens);
        String another = "another-0123456789abcdef"; // as long as the one before
        RecallScene.tokens(tokens, "read " + another, "write " + WRITER);
        Files.setLastModifiedTime(tokens, before);
        await().atMost(PATIENCE).until(() -> status(ASKED, READS) == 401);

        try (LoggedWarnings logged = new LoggedWarnings()) {
            Files.writeString(tokens, "read another\n");
            await().atMost(PATIENCE)
                    .until(() -> logged.lines().stream().anyMatch(line -> line.contains("Reload failed")));
        }

        assertThat(status(ASKED, "Authorization: Bearer " + another)).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void filesWithoutTokensLetNobodyIn(boolean isGone) throws Exception {
        if (isGone) {
            Files.delete(tokens);
        } else {
            Files.writeString(tokens, "# nobody\n");
        }
        await().atMost(PATIENCE).until(() -> status(ASKED, READS) == 401);
        assertThat(status(ASKED)).isEqualTo(401);
        assertThat(status("GET /livez")).isEqualTo(200);

        RecallScene.tokens(tokens, "read " + READER);

        await().atMost(PATIENCE).until(() -> status(ASKED, READS) == 200);
    }

    @Test
    void tlsSecuresTheCookieAndReloadsCertificates() throws Exception {
        Path of = Files.createDirectory(folder.resolve("tls"));
        PemFiles files = PemCertificates.write(of, "one", "EC");
        try (RecallServer secure = scene.server(Optional.of(tokens), Optional.of(files))) {
            assertThat(secure.url()).isEqualTo("https://127.0.0.1:" + secure.port());
            HttpRequest exchange = HttpRequest.newBuilder(URI.create(secure.url() + "/v1/session"))
                    .header("Authorization", "Bearer " + READER)
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build();

            HttpResponse<Void> exchanged = trusting().send(exchange, HttpResponse.BodyHandlers.discarding());

            assertThat(exchanged.headers().firstValue("Set-Cookie").orElseThrow())
                    .contains("Secure");
            assertThat(ownerOfCertificate(exchanged)).isEqualTo("CN=one");
            assertThatThrownBy(() -> HttpClient.newHttpClient().send(exchange, HttpResponse.BodyHandlers.discarding()))
                    .isInstanceOf(SSLHandshakeException.class);

            PemCertificates.write(of, "another", "RSA");
            await().atMost(PATIENCE)
                    .until(() -> ownerOfCertificate(trusting().send(exchange, HttpResponse.BodyHandlers.discarding()))
                            .equals("CN=another"));
        }
    }

    @Test
    void tlsAnswersAddressesBesideTheCertificates() throws Exception {
        PemFiles files = PemCertificates.write(Files.createDirectory(folder.resolve("tls")), "one", "EC");
        try (RecallServer secure = scene.server(Optional.of(tokens), Optional.of(files));
                Socket socket = taking().getSocketFactory().createSocket("127.0.0.1", secure.port())) {
            String request = "GET /livez HTTP/1.1\r\nHost: 10.1.2.3:8080\r\nConnection: close\r\n\r\n"; // as a kubelet

            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    private static String ownerOfCertificate(HttpResponse<Void> response) throws Exception {
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

    private int status(String line, String... headers) throws IOException {
        return ask(line, headers).status();
    }

    private RawClient.Answer ask(String line, String... headers) throws IOException {
        return RawClient.ask(server.port(), line, "", headers);
    }
}
