package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.fault.BrokerUnreachableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.provider.FileConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said of the properties of Kafka's clients before a broker is asked. */
class ClientSettingsTest {

    private static final Map<String, String> FILES = Map.of(
            "kafka.config.providers", "file", "kafka.config.providers.file.class", FileConfigProvider.class.getName());

    private final Path directory;

    ClientSettingsTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void kafkasClientsResolveVariables() throws IOException {
        Path secrets = Files.writeString(directory.resolve("secrets"), "password = found-in-a-file");
        String variable = "${file:" + secrets + ":password}";

        ClientSettings settings = read(FILES, Map.of("kafka.ssl.key.password", variable));

        assertThat(settings.properties()).containsEntry("ssl.key.password", variable);
    }

    @Test
    void aVariableWithoutAValueIsAFault() throws IOException {
        Path secrets = Files.writeString(directory.resolve("secrets"), "");
        String variable = "${file:" + secrets + ":user}";

        assertThatThrownBy(() -> read(
                        FILES,
                        Map.of(
                                "kafka.sasl.jaas.config",
                                "a.Module required username=\"" + variable + "\" password=\"in-clear\";")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessage("kafka.sasl.jaas.config = " + variable
                        + ": has no value; kafka.config.providers must name a provider that knows it");
    }

    @Test
    void aVariableOfNoProviderIsAFault() {
        assertThatThrownBy(() -> read(Map.of(), Map.of("kafka.ssl.key.password", "${env:HOME}")))
                .hasMessageStartingWith("kafka.ssl.key.password = ${env:HOME}: has no value");
    }

    @Test
    void aProviderThatCannotReadItsFileSaysSo() {
        String absent = directory.resolve("absent").toString();

        assertThatThrownBy(() -> read(FILES, Map.of("kafka.ssl.key.password", "${file:" + absent + ":password}")))
                .hasMessageStartingWith("kafka.ssl.key.password = ${file:" + absent + ":password}: ")
                .hasMessageContaining("Could not read properties from file " + absent);
    }

    @Test
    void aProviderThatIsNoneIsAFault() {
        Map<String, String> none =
                Map.of("kafka.config.providers", "x", "kafka.config.providers.x.class", "java.lang.String");

        assertThatThrownBy(() -> read(none, Map.of("kafka.ssl.key.password", "${x:password}")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("kafka.ssl.key.password = ${x:password}: ");
    }

    @Test
    void theirTextHasNoValues() {
        ClientSettings settings = read(Map.of(), Map.of("kafka.ssl.key.password", "in-clear"));

        assertThat(settings.toString()).contains("ssl.key.password").doesNotContain("in-clear");
    }

    /** A password with a quote ends its value early, and Kafka's parser would name the rest of it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "security.protocol=SSL sasl.mechanism=PLAIN ssl.truststore.type=PEM ssl.truststore.location=/nowhere/at/all | kafka.ssl.* = what was given: | /nowhere/at/all",
                "security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN | kafka.sasl.jaas.config = (hidden): must be | config/security/sasl-scram.properties",
                "bootstrap.servers=localhost | kafka.bootstrap.servers = localhost: must be HOST:PORT | Invalid url",
                "security.protocol=FOO | kafka.* = what was given: | security.protocol",
            })
    void whatKafkaCannotUseIsAFaultOfTheSettingItIsAbout(String properties, String begin, String named) {
        assertThatThrownBy(() -> client(properties.split(" ")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith(begin)
                .hasMessageContaining(named);
    }

    @Test
    void aPasswordThatBreaksTheLoginModuleIsNotTold() {
        assertThatThrownBy(
                        () -> client(
                                "security.protocol=SASL_PLAINTEXT",
                                "sasl.mechanism=PLAIN",
                                "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required password=\"hal\"ves\";"))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageStartingWith("kafka.sasl.jaas.config = (hidden): must be ")
                .hasMessageNotContainingAny("hal\"", "ves\"", "'ves'");
    }

    @Test
    void anAddressThatIsUnknownNowIsNoFaultOfTheSettings() {
        assertThatCode(() -> client("bootstrap.servers=nowhere.invalid:9092"))
                .isInstanceOf(BrokerUnreachableException.class)
                .hasMessageStartingWith("no client for nowhere.invalid:9092: ");
    }

    private static void client(String... properties) {
        Map<String, String> given = new HashMap<>(Map.of("kafka.bootstrap.servers", "127.0.0.1:1"));
        for (String property : properties) {
            String[] parts = property.split("=", 2);
            given.put("kafka." + parts[0], parts[1]);
        }
        new ClusterAdmin(read(Map.of(), given), Duration.ofSeconds(1)).admin().close();
    }

    private static ClientSettings read(Map<String, String> providers, Map<String, String> given) {
        Map<String, String> all = new HashMap<>(providers);
        all.putAll(given);
        SettingsReader reader = new SettingsReader(all);
        ClientSettings settings = ClientSettings.read(reader);
        reader.finish();
        return settings;
    }
}
