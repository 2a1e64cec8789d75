package dev.millrace.topic;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.Causes;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import javax.security.auth.login.LoginException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigTransformer;
import org.apache.kafka.common.errors.InvalidConfigurationException;

/**
 * How every client reaches the cluster.
 *
 * <p>A variable in a value, such as <code>${env:NAME}</code>, stays as it is: each client asks Kafka's configuration providers for it. So
 * passwords are in no value, unless somebody writes them there.
 *
 * @param properties of Kafka's clients: bootstrap.servers, security and whatever else was given under {@code kafka.}
 */
public record ClientSettings(SortedMap<String, String> properties) {

    private static final String PREFIX = "kafka.";
    private static final String BOOTSTRAP = "bootstrap.servers";
    private static final String PROVIDERS = "config.providers";
    private static final String VARIABLE = "variable";

    /** Begins the message of the one fault of a configuration that may go away by itself. */
    private static final String UNRESOLVED = "No resolvable";

    public ClientSettings {
        properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
    }

    public static ClientSettings read(SettingsReader reader) {
        String bootstrap = reader.text(
                PREFIX + BOOTSTRAP + " = localhost:9092: brokers to contact first: host:port, comma-separated");
        SortedMap<String, String> properties = new TreeMap<>();
        reader.family(
                        PREFIX,
                        "any property of Kafka's clients, such as kafka.security.protocol; kafka.config.providers "
                                + "names the providers of variables such as ${env:NAME}")
                .forEach((key, value) -> properties.put(key.substring(PREFIX.length()), value));
        properties.put(BOOTSTRAP, bootstrap);
        ClientSettings settings = new ClientSettings(properties);
        settings.requireVariables(reader);
        return settings;
    }

    /** Of a broker without security. */
    public static ClientSettings of(String bootstrapServers) {
        return new ClientSettings(new TreeMap<>(Map.of(BOOTSTRAP, bootstrapServers)));
    }

    /** Those of a producer whose records are taken within a time, or fail. */
    ClientSettings within(Duration patience) {
        SortedMap<String, String> hurried = new TreeMap<>(properties);
        String millis = Long.toString(patience.toMillis());
        hurried.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, millis);
        hurried.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis);
        hurried.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Long.toString(patience.toMillis() / 2));
        return new ClientSettings(hurried);
    }

    /**
     * Those of a consumer that jumps from one place of a topic to another. By default brokers keep a fetch at the end of a partition for
     * half a second, and the next one waits behind it.
     */
    public ClientSettings jumping() {
        SortedMap<String, String> jumping = new TreeMap<>(properties);
        jumping.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "10");
        return new ClientSettings(jumping);
    }

    public String bootstrapServers() {
        return properties.getOrDefault(BOOTSTRAP, "");
    }

    /** The name of the client in requests; empty if none was given. */
    public String clientId() {
        return properties.getOrDefault(ProducerConfig.CLIENT_ID_CONFIG, "");
    }

    public Map<String, Object> asMap() {
        return new HashMap<>(properties);
    }

    /** Names the properties, and leaves out their values: there may be passwords among them. */
    @Override
    public String toString() {
        return "ClientSettings of " + bootstrapServers() + " with " + properties.keySet();
    }

    /** Says that no broker answered within a time. */
    public BrokerUnreachableException unreachable(Duration patience, Throwable late) {
        return new BrokerUnreachableException(
                "no broker answered at " + bootstrapServers() + " within " + patience.toMillis() + " ms: "
                        + late.getMessage(),
                late);
    }

    /** Why Kafka makes no client of these properties: it cannot use them, or what they name is not there now. */
    RuntimeException noClient(KafkaException failed) {
        List<Throwable> causes = Causes.of(failed).toList();
        Throwable root = causes.get(causes.size() - 1);
        String said = String.valueOf(root.getMessage());
        if (said.startsWith(UNRESOLVED) || causes.stream().anyMatch(LoginException.class::isInstance)) {
            return new BrokerUnreachableException("no client for " + bootstrapServers() + ": " + said, failed);
        }
        if (root instanceof IllegalArgumentException && isSasl()) { // its message may have a part of the password
            return unusable(
                    "kafka.sasl.jaas.config",
                    "(hidden)",
                    "must be a login module with its options, as config/security/sasl-scram.properties has it");
        }
        if (said.contains("bootstrap.servers")) {
            return unusable(
                    "kafka.bootstrap.servers",
                    bootstrapServers(),
                    "must be HOST:PORT, several separated by commas: " + said);
        }
        return causes.stream()
                .filter(InvalidConfigurationException.class::isInstance) // of a keystore or truststore
                .findFirst()
                .map(store -> unusable("kafka.ssl.*", "what was given", Causes.messages(store)))
                .orElseGet(() -> unusable("kafka.*", "what was given", said));
    }

    private boolean isSasl() {
        return properties.getOrDefault("security.protocol", "").startsWith("SASL");
    }

    private static InvalidSettingsException unusable(String key, String value, String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(key, value, rule)));
    }

    /** Kafka takes a variable without a value as it stands: it would be the password. */
    private void requireVariables(SettingsReader reader) {
        properties.forEach((key, value) -> ConfigTransformer.DEFAULT_PATTERN
                .matcher(value)
                .results()
                .map(MatchResult::group) // and not the value around it, which may be a secret
                .forEach(variable ->
                        fault(variable).ifPresent(rule -> reader.require(false, PREFIX + key, variable, rule))));
    }

    /** Why the configuration providers have no value for a variable; absent if they have. */
    private Optional<String> fault(String variable) {
        Map<String, String> asked = new HashMap<>(properties.subMap(PROVIDERS, PROVIDERS + Character.MAX_VALUE));
        asked.put(VARIABLE, variable);
        try {
            Object value = new AbstractConfig(new ConfigDef(), asked, false)
                    .originals()
                    .get(VARIABLE);
            return variable.equals(value)
                    ? Optional.of("has no value; kafka.config.providers must name a provider that knows it")
                    : Optional.empty();
        } catch (KafkaException | ClassCastException unusable) { // such as a class that is no provider
            return Optional.of(String.valueOf(unusable.getMessage()));
        }
    }
}
