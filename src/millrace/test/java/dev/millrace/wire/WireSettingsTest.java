package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.stream.Streams;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireSettingsTest {

    private static final String URL = "schema.registry.url";
    private static final String AUTHORIZATION = "schema.registry.authorization";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://bob:hunter2@registry:8081",
                "https://hunter2@registry",
                "http://bob:hunter2@more@registry/apis/ccompat/v7",
                "http://bob:hunter2/more@registry",
                "http://bob:hunter 2@registry",
                "bob:hunter2@registry:8081",
            })
    void credentialsInTheRegistrysUrlAreRefusedAndNotShown(String url) {
        assertThatThrownBy(() -> read(Map.of(URL, url)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(URL + " = ")
                .hasMessageContaining("must have no user and password")
                .hasMessageContaining(AUTHORIZATION)
                .hasMessageNotContaining("hunter");
    }

    @Test
    void settingsMadeInCodeRefuseCredentialsInTheUrlToo() {
        URI url = URI.create("http://bob:hunter2@registry:8081");

        assertThatThrownBy(() -> new WireSettings(
                        WireSettings.Format.CONFLUENT, Optional.of(url), "", Optional.empty(), Streams.limits()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("hunter");
    }

    @Test
    void anAtSignInThePathIsNoUser() {
        assertThat(read(Map.of(URL, "https://registry/team@shop")).registry())
                .contains(URI.create("https://registry/team@shop"));
    }

    /** Java's client says in its message which header it refuses, and a message may become a dead letter. */
    @ParameterizedTest
    @ValueSource(strings = {"Basic hunter2\nX: y", "Basic hünter2", "Basic \u0001hunter2"})
    void anAuthorizationThatIsNoHeaderIsRefusedAndNotShown(String authorization) {
        assertThatThrownBy(() -> read(Map.of(AUTHORIZATION, authorization)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(AUTHORIZATION + " = (hidden): must be one line of ASCII")
                .hasMessageNotContaining("nter2");
    }

    private static WireSettings read(Map<String, String> given) {
        SettingsReader reader = new SettingsReader(given);
        WireSettings settings = WireSettings.read(reader);
        reader.finish();
        return settings;
    }
}
