package dev.millrace.app;

import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicSettings;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.WireSettings;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The settings of a command that neither learns nor serves: faults of all others do not stop it. */
public record ClusterSettings(ClientSettings clients, TopicSettings topics, WireSettings wire) {

    /** First words of their keys. */
    static final Set<String> WORDS = Set.of("kafka", "limits", "schema", "topic", "wire");

    /** @throws dev.millrace.settings.InvalidSettingsException with every fault of these settings */
    public static ClusterSettings load(SettingsSources sources) {
        Map<String, String> values = sources.values((settings, folder) -> own(settings), ClusterSettings::read);
        SettingsReader reader = new SettingsReader(values);
        ClusterSettings settings = read(reader);
        reader.finish();
        return settings;
    }

    static ClusterSettings read(SettingsReader reader) {
        return new ClusterSettings(
                ClientSettings.read(reader), TopicSettings.withoutSizes(reader), WireSettings.read(reader));
    }

    private static Map<String, String> own(Map<String, String> settings) {
        Map<String, String> own = new TreeMap<>(settings);
        own.keySet().removeIf(key -> !WORDS.contains(key.split("\\.", 2)[0]));
        return own;
    }

    /** The cluster, as a reader of the topics needs it. */
    public Cluster cluster() {
        return new Cluster(clients, topics.names(), new AvroWire(wire));
    }
}
