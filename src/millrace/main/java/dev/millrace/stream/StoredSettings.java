package dev.millrace.stream;

import dev.millrace.settings.KeptSettings;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.TopicReader.Extent;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The settings that an application's state was begun with, read from the cluster: before a start, or for an audit.
 *
 * <p>They are the first committed records of the state's changelog ({@link WriteThroughStore}). So only these are read, however large the
 * state is.
 */
public final class StoredSettings {

    private StoredSettings() {}

    /**
     * Returns those of an application's state; none if there is no state.
     *
     * @param patience how long the cluster may take to answer
     */
    public static KeptSettings of(ClientSettings clients, StreamSettings settings, Part part, Duration patience) {
        String changelog = MillraceTopology.changelog(
                settings.applicationId(part),
                switch (part) {
                    case ATTRIBUTE -> MillraceTopology.ATTRIBUTION_BOOKS_STORE;
                    case MAP -> MillraceTopology.MAP_BOOKS_STORE;
                    case LEARN, LEARN_FROM_LOG -> MillraceTopology.LEARNER_STORE;
                });
        if (!new ClusterAdmin(clients, patience).ask(ClusterAdmin::topics).contains(changelog)) {
            return KeptSettings.NONE;
        }
        SortedMap<String, String> kept = new TreeMap<>();
        try (TopicReader reader = new TopicReader(clients, patience)) {
            for (Extent extent : reader.extents(changelog)) { // of several tasks, each keeps the same
                long end = reader.committedEnd(changelog, extent.partition());
                reader.read(new Extent(changelog, extent.partition(), extent.first(), end), extent.first(), record -> {
                    Optional<String> key = WriteThroughStore.settingKey(record.key());
                    key.ifPresent(name ->
                            record.value().ifPresent(value -> kept.put(name, WriteThroughStore.setting(value))));
                    return key.isPresent();
                });
            }
        }
        return new KeptSettings(kept);
    }
}
