package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingDoc;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Which state keeps which settings, for every setting there is: as the code has it and as docs/operations.md says. */
class StateSettingsTest {

    private static final String ATTRIBUTION = "- Kept with the attribution's state: ";
    private static final String LEARNER = "- Kept with the learner's state: ";
    private static final String FREE = "- May change at any start: all others, and ";
    private static final Pattern KEYS = Pattern.compile("`([^`]+)`");

    @Test
    void everySettingIsKeptWithAStateOrMayChange() throws IOException {
        KeptSettings attribution = AttributionSettings.kept(Map.of());
        KeptSettings learner = TrainerSettings.kept(Map.of());
        SortedMap<String, Set<String>> kept = new TreeMap<>();
        for (SettingDoc setting : MillraceSettings.reference()) {
            Set<String> states = new TreeSet<>();
            if (attribution.texts().containsKey(setting.key())) {
                states.add(ATTRIBUTION);
            }
            if (learner.texts().containsKey(setting.key())) {
                states.add(LEARNER);
            }
            kept.put(setting.key(), states.isEmpty() ? Set.of(FREE) : states);
        }

        // a new setting: if bits of a state depend on it, it must not be read within SettingsReader.free
        SortedMap<String, Set<String>> documented = documented();
        kept.entrySet().removeIf(setting -> setting.getValue().equals(documented.get(setting.getKey())));
        assertThat(kept)
                .as("settings that the documentation has in other lists")
                .isEmpty();
    }

    private static SortedMap<String, Set<String>> documented() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("docs/operations.md"));
        Map<String, List<String>> patterns = new LinkedHashMap<>();
        for (String list : List.of(ATTRIBUTION, LEARNER, FREE)) {
            String line = lines.stream()
                    .filter(each -> each.startsWith(list))
                    .findFirst()
                    .orElse("");
            patterns.put(
                    list,
                    KEYS.matcher(line)
                            .results()
                            .map((MatchResult found) -> found.group(1))
                            .toList());
        }
        SortedMap<String, Set<String>> documented = new TreeMap<>();
        for (SettingDoc setting : MillraceSettings.reference()) {
            int most = patterns.values().stream()
                    .mapToInt(of -> longest(setting.key(), of))
                    .max()
                    .orElse(0);
            Set<String> states = new TreeSet<>();
            patterns.forEach((list, of) -> {
                if (most > 0 && longest(setting.key(), of) == most) {
                    states.add(list);
                }
            });
            documented.put(setting.key(), states.isEmpty() ? Set.of(FREE) : states);
        }
        return documented;
    }

    /** Length of the longest pattern that a key matches, so that a key of its own goes before a family; 0 if none does. */
    private static int longest(String key, List<String> patterns) {
        return patterns.stream()
                .filter(pattern -> pattern.endsWith("*")
                        ? key.startsWith(pattern.substring(0, pattern.length() - 1))
                        : key.equals(pattern))
                .mapToInt(String::length)
                .max()
                .orElse(0);
    }
}
