package dev.millrace.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessSettingsTest {

    private static final String[] BOTH = {
        "serve.tokens.file", "tokens", "serve.tls.certificate", "server.crt", "serve.tls.key", "server.key"
    };

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "localhost", "::1"})
    void aLoopbackAddressNeedsNeitherTokensNorTls(String host) {
        assertThat(read(host)).isEqualTo(AccessSettings.open("serve."));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0.0.0.0", "::", "10.0.0.7", "recall.example.org", "127.example.org", "127.0.0.1.example.org", ""
            })
    void anotherAddressNeedsBoth(String host) {
        for (String[] lacking : new String[][] {{}, {BOTH[0], BOTH[1]}, {BOTH[2], BOTH[3], BOTH[4], BOTH[5]}}) {
            assertThatThrownBy(() -> read(host, lacking))
                    .isInstanceOf(InvalidSettingsException.class)
                    .hasMessage("serve.host = " + host
                            + ": must be a loopback address, such as 127.0.0.1, unless serve.tokens.file, serve.tls.certificate"
                            + " and serve.tls.key are given, or serve.insecure = true");
        }
        assertThat(read(host, BOTH))
                .isEqualTo(new AccessSettings(
                        "serve.",
                        java.util.Optional.of(Path.of("tokens")),
                        java.util.Optional.of(new PemFiles(Path.of("server.crt"), Path.of("server.key"))),
                        HostNames.none("serve.hosts")));
        assertThat(read(host, "serve.insecure", "true")).isEqualTo(AccessSettings.open("serve."));
    }

    @Test
    void aCertificateNeedsItsKey() {
        assertThatThrownBy(() -> read("127.0.0.1", "serve.tls.certificate", "server.crt"))
                .hasMessage("serve.tls.key = : must be given with serve.tls.certificate, and only then");
        assertThatThrownBy(() -> read("127.0.0.1", "serve.tls.key", "server.key"))
                .hasMessage("serve.tls.key = server.key: must be given with serve.tls.certificate, and only then");
    }

    @Test
    void namesOfHostsAreNamesAlone() {
        assertThat(read("127.0.0.1", "serve.hosts", "Recall.example.org, server")
                        .hosts()
                        .given())
                .containsExactlyInAnyOrder("recall.example.org", "server");
        for (String none : new String[] {"http://server", "server:8080", "*.example.org", "server/"}) {
            assertThatThrownBy(() -> read("127.0.0.1", "serve.hosts", "server," + none))
                    .hasMessage("serve.hosts = " + none + ": must be names of hosts, without a scheme or a port");
        }
    }

    private static AccessSettings read(String host, String... more) {
        Map<String, String> given = new HashMap<>();
        for (int at = 0; at < more.length; at += 2) {
            given.put(more[at], more[at + 1]);
        }
        SettingsReader reader = new SettingsReader(given);
        AccessSettings settings = AccessSettings.read(reader, "serve.", host);
        reader.finish();
        return settings;
    }
}
