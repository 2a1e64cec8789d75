package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.access.AccessSettings;
import dev.millrace.access.HostNames;
import dev.millrace.state.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that are asked by names, and by pages, that may be a stranger's. */
class HostGuardTest {

    private static final String NAME = "recall.example.org";
    private static final String ASKED = "/v1/recall?user=u1";

    private final Path folder;
    private final RecallScene scene;

    HostGuardTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        scene = new RecallScene(folder.resolve("state"));
        scene.fill();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LOCALHOST:1",
                "127.0.0.1:8080",
                "127.9.9.9",
                "[::1]:8080",
                "10.1.2.3:80",
                "[fe80::1]"
            })
    void loopbackNamesAndAddressesAreAnswered(String host) throws Exception {
        assertThat(status(scene.port(), ASKED, "Host: " + host)).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:8080",
                "127.0.0.1.evil.example",
                "localhost.evil.example",
                "127.0.0.1.",
                "1.2.3.4.5",
                NAME,
            })
    void anotherNameIsAProblemOnAllButProbes(String host) throws Exception {
        for (String target :
                new String[] {"/", "/page/main.js", ASKED, "/v1/live", "/v1/users/u1", "/nothing", "/livez/"}) {
            RawClient.Answer refused = answer(scene.port(), "GET", target, "Host: " + host);

            assertThat(refused.status()).as(target).isEqualTo(421);
            assertThat(refused.isProblem()).isTrue();
            assertThat(new ObjectMapper()
                            .readTree(refused.body())
                            .path("detail")
                            .asText())
                    .startsWith("Host = ")
                    .endsWith(": must be a loopback name, an address, or one of serve.hosts");
        }
        for (String target : new String[] {"/livez", "/readyz", "/metrics"}) {
            assertThat(status(scene.port(), target, "Host: " + host, "Origin: http://evil.example"))
                    .as(target)
                    .isEqualTo(200);
        }
    }

    @Test
    void aTargetWithAnotherNameThanItsHostIsRefused() throws Exception {
        assertThat(status(scene.port(), "http://evil.example" + ASKED, "Host: evil.example"))
                .isEqualTo(421);
        assertThat(status(scene.port(), "http://evil.example" + ASKED, "Host: localhost"))
                .isEqualTo(400);
    }

    @Test
    void aNameOfTheSettingsIsAnswered() throws Exception {
        try (RecallServer named = scene.server(access(Optional.empty(), NAME))) {
            assertThat(status(named.port(), ASKED, "Host: Recall.Example.ORG:443"))
                    .isEqualTo(200);
            assertThat(status(named.port(), ASKED, "Host: evil.example")).isEqualTo(421);
        }
    }

    @Test
    void withTokensAnyNameIsAnsweredUnlessTheSettingsNameOne() throws Exception {
        Path tokens = Files.writeString(folder.resolve("tokens"), "read sha256:" + Sha256.hex("of-a-test") + "\n");
        String bearing = "Authorization: Bearer of-a-test";
        try (RecallServer any = scene.server(access(Optional.of(tokens)));
                RecallServer named = scene.server(access(Optional.of(tokens), NAME))) {
            assertThat(status(any.port(), ASKED, "Host: server", bearing)).isEqualTo(200);
            assertThat(status(any.port(), ASKED, "Host: server")).isEqualTo(401);
            assertThat(status(named.port(), ASKED, "Host: server", bearing)).isEqualTo(421);
            assertThat(status(named.port(), ASKED, "Host: " + NAME, bearing)).isEqualTo(200);
            assertThat(status(named.port(), ASKED, "Host: localhost", bearing)).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://evil.example",
                "https://localhost.evil.example:8080",
                "http://localhost", // another port of this host is another's page
                "http://localhost:8081",
                "http://127.0.0.1:8080",
                "file://localhost:8080",
                "http://localhost:8080@evil.example",
                "http://localhost:8080.evil.example",
                "http://localhost:99999999999",
                "null",
                "evil.example",
            })
    void aPageFromElsewhereIsRefusedWhateverItAsks(String origin) throws Exception {
        for (String method : new String[] {"GET", "HEAD", "POST", "DELETE", "OPTIONS"}) {
            RawClient.Answer refused =
                    answer(scene.port(), method, "/v1/users/u1", "Host: localhost:8080", "Origin: " + origin);

            assertThat(refused.status()).as(method).isEqualTo(403);
            assertThat(refused.isProblem()).isTrue();
        }
    }

    @Test
    void theOwnPageAndThoseOfTheSettingsMayAsk() throws Exception {
        assertThat(status(scene.port(), ASKED, "Host: localhost:8080", "Origin: http://localhost:8080"))
                .isEqualTo(200);
        assertThat(status(scene.port(), ASKED, "Host: [::1]:8080", "Origin: http://[::1]:8080"))
                .isEqualTo(200);
        try (RecallServer named = scene.server(access(Optional.empty(), NAME))) {
            // a proxy that hands on the name, with the port or without, and one that does not
            assertThat(status(named.port(), ASKED, "Host: " + NAME, "Origin: https://" + NAME))
                    .isEqualTo(200);
            assertThat(status(named.port(), ASKED, "Host: " + NAME + ":443", "Origin: https://" + NAME))
                    .isEqualTo(200);
            assertThat(status(named.port(), ASKED, "Host: 10.1.2.3:8080", "Origin: https://" + NAME))
                    .isEqualTo(200);
            assertThat(status(named.port(), ASKED, "Host: " + NAME, "Origin: https://evil.example"))
                    .isEqualTo(403);
        }
    }

    private static AccessSettings access(Optional<Path> tokens, String... hosts) {
        return new AccessSettings("serve.", tokens, Optional.empty(), new HostNames("serve.hosts", Set.of(hosts)));
    }

    private static int status(int port, String target, String... headers) throws IOException {
        return answer(port, "GET", target, headers).status();
    }

    private static RawClient.Answer answer(int port, String method, String target, String... headers)
            throws IOException {
        try (RawClient client = new RawClient(port)) {
            String head = method + " " + target + " HTTP/1.1\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
            return client.send(head).answer().orElseThrow();
        }
    }
}
