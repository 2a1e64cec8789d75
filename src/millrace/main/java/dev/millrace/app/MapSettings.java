package dev.millrace.app;

import dev.millrace.replay.MappedTopics;
import dev.millrace.serve.TrainServerSettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What {@code millrace map} reads, and where it tells how it is.
 *
 * @param mapping absent if no topics are mapped
 */
public record MapSettings(Optional<Path> mapping, TrainServerSettings server) {

    private static final String MAPPING = "map.mapping";

    static MapSettings read(SettingsReader reader) {
        String file = reader.text(MAPPING + ": mapping whose topics millrace map reads (docs/your-own-data.md); its"
                + " path is relative to the settings file");
        return new MapSettings(
                file.isBlank() ? Optional.empty() : Optional.of(Path.of(file)), TrainServerSettings.ofMap(reader));
    }

    /** Returns settings with the path as it is from the process's own folder. */
    static Map<String, String> resolved(Map<String, String> settings, Path folder) {
        Map<String, String> resolved = new TreeMap<>(settings);
        resolved.computeIfPresent(
                MAPPING,
                (key, file) -> file.isBlank() ? file : folder.resolve(file).toString());
        return resolved;
    }

    /**
     * The topics of the mapping.
     *
     * @throws InvalidSettingsException if there is no mapping, or it cannot be used
     */
    public MappedTopics topics() {
        return MappedTopics.read(mapping.orElseThrow(() -> new InvalidSettingsException(
                List.of(new SettingFault(MAPPING, "", "must name the mapping, as millrace init --topic drafts it")))));
    }
}
