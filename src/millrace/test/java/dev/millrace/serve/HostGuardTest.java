package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that are asked by names, and by pages, that may be a stranger's. */
class HostGuardTest {

    private static final String NAME = "recall.example.org";
    private static final String ASKED = "GET /v1/recall?user=u1";

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
        assertThat(scene.ask(ASKED, "Host: " + host).status()).isEqualTo(200);
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
        for (String line : new String[] {
            "GET /", "GET /page/main.js", ASKED, "GET /v1/live", "GET /v1/users/u1", "GET /nothing", "GET /livez/"
        }) {
            assertThat(scene.ask(line, "Host: " + host).problem(421))
                    .startsWith("Host = ")
                    .contains("serve.hosts");
        }
        for (String line : new String[] {"GET /livez", "GET /readyz", "GET /metrics"}) {
            assertThat(scene.ask(line, "Host: " + host, "Origin: http://evil.example")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aTargetWithAnotherNameThanItsHostIsRefused() throws Exception {
        String line = "GET http://evil.example/v1/recall?user=u1";

        assertThat(scene.ask(line, "Host: evil.example").status()).isEqualTo(421);
        assertThat(scene.ask(line).status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({
        "server, false, 401, 421", // with tokens any name is answered, unless the settings name one
        "server, true, 200, 421",
        NAME + ", true, 200, 200",
        "localhost, true, 200, 200"
    })
    void tokensGuardAgainstNamesUnlessTheSettingsNameOne(String host, boolean isBearing, int any, int named)
            throws Exception {
        Optional<Path> tokens = Optional.of(RecallScene.tokens(folder.resolve("tokens"), "read of-a-test"));
        String bearing = isBearing ? "Authorization: Bearer of-a-test" : "A: b";
        try (RecallServer ofAnyName = scene.server(tokens, Optional.empty());
                RecallServer ofOne = scene.server(tokens, Optional.empty(), NAME)) {
            assertThat(status(ofAnyName, "Host: " + host, bearing)).isEqualTo(any);
            assertThat(status(ofOne, "Host: " + host, bearing)).isEqualTo(named);
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
        for (String method : new String[] {"GET", "POST", "DELETE", "OPTIONS"}) {
            scene.ask(method + " /v1/users/u1", "Host: localhost:8080", "Origin: " + origin)
                    .problem(403);
        }
    }

    @Test
    void theOwnPageAndThoseOfTheSettingsMayAsk() throws Exception {
        assertThat(scene.ask(ASKED, "Host: localhost:8080", "Origin: http://localhost:8080")
                        .status())
                .isEqualTo(200);
        assertThat(scene.ask(ASKED, "Host: [::1]:8080", "Origin: http://[::1]:8080")
                        .status())
                .isEqualTo(200);
        try (RecallServer named = scene.server(Optional.empty(), Optional.empty(), NAME)) {
            assertThat(status(named, "Host: Recall.Example.ORG:443")).isEqualTo(200);
            assertThat(status(named, "Host: evil.example")).isEqualTo(421);
            // a proxy that hands on the name, with the port or without, and one that does not
            assertThat(status(named, "Host: " + NAME, "Origin: https://" + NAME))
                    .isEqualTo(200);
            assertThat(status(named, "Host: " + NAME + ":443", "Origin: https://" + NAME))
                    .isEqualTo(200);
            assertThat(status(named, "Host: 10.1.2.3:8080", "Origin: https://" + NAME))
                    .isEqualTo(200);
            assertThat(status(named, "Host: " + NAME, "Origin: https://evil.example"))
                    .isEqualTo(403);
        }
    }

    private static int status(RecallServer server, String... headers) throws IOException {
        return RawClient.ask(server.port(), ASKED, "", headers).status();
    }
}
