package dev.millrace.topic;

import dev.millrace.settings.SettingsReader;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How every client reaches the cluster.
 *
 * @param properties of Kafka's clients: bootstrap.servers, security and whatever else was given under {@code kafka.}
 */
public record ClientSettings(SortedMap<String, String> properties) {

    private static final String PREFIX = "kafka.";
    private static final String BOOTSTRAP = "bootstrap.servers";

    public ClientSettings {
        properties = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(properties));
    }

    public static ClientSettings read(SettingsReader reader) {
        String bootstrap = reader.text(
                PREFIX + BOOTSTRAP, "localhost:9092", "first brokers to contact, host:port, comma-separated");
        SortedMap<String, String> properties = new TreeMap<>();
        reader.family(PREFIX, "any property of Kafka's clients, such as kafka.security.protocol")
                .forEach((key, value) -> properties.put(key.substring(PREFIX.length()), value));
        properties.put(BOOTSTRAP, bootstrap);
        return new ClientSettings(properties);
    }

    /** Of a broker without security. */
    public static ClientSettings of(String bootstrapServers) {
        return new ClientSettings(new TreeMap<>(Map.of(BOOTSTRAP, bootstrapServers)));
    }

    public String bootstrapServers() {
        return properties.getOrDefault(BOOTSTRAP, "");
    }

    public Map<String, Object> asMap() {
        return new HashMap<>(properties);
    }
}
