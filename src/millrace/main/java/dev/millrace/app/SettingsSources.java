package dev.millrace.app;

import dev.millrace.settings.SettingDoc;
import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Where settings come from, in rising precedence.
 *
 * @param byDefault what holds unless one of the others says otherwise, such as the mode a data set asks for
 * @param files of {@code key = value} lines; a later one goes before an earlier one
 * @param environment where {@code MILLRACE_BATCH_SIZE} stands for {@code batch.size}: upper case, each dot and dash an underscore
 * @param given on the command line, by key
 */
public record SettingsSources(
        List<Path> files, Map<String, String> byDefault, Map<String, String> environment, Map<String, String> given) {

    /** Lists of names, each with what the keys of a name begin with. */
    private static final Map<String, String> LISTS = Map.of(
            "features.user", "features.user.",
            "features.item", "features.item.",
            "tower.channels", "tower.channel.");

    private static final String CONFIG = "--config";
    private static final String ENVIRONMENT_PREFIX = "MILLRACE_";
    private static final String FAMILY = ".*";

    /** What is taken of the settings of one source. */
    interface Taken {

        /** @param folder that the names of files in the settings are relative to */
        Map<String, String> of(Map<String, String> settings, Path folder);
    }

    /**
     * Returns the value of each key that a source gives.
     *
     * @param declared reads all settings that the environment may give
     */
    SortedMap<String, String> values(Taken taken, Consumer<SettingsReader> declared) {
        SortedMap<String, String> values = new TreeMap<>(byDefault);
        Path here = Path.of("");
        Map<String, String> said = taken.of(given, here);
        files.forEach(file -> layer(
                taken.of(
                        SettingsFile.read(CONFIG, file, "a settings file of key = value lines"),
                        file.resolveSibling("")),
                values));
        layer(taken.of(fromEnvironment(values, said, declared), here), values);
        layer(said, values);
        return values;
    }

    /** Puts settings over others; where they list other names, what was said of names that they leave out goes. */
    private static void layer(Map<String, String> above, SortedMap<String, String> values) {
        LISTS.forEach((list, prefix) -> {
            String names = above.get(list);
            String before = values.get(list);
            if (names != null && before != null) {
                Set<String> left = new HashSet<>(names(before));
                left.removeAll(names(names));
                left.forEach(name -> values.keySet().removeIf(key -> key.startsWith(prefix + name + ".")));
            }
        });
        values.putAll(above);
    }

    private static List<String> names(String list) {
        return Arrays.stream(list.split(",", -1)).map(String::strip).toList();
    }

    private Map<String, String> fromEnvironment(
            Map<String, String> fromFile, Map<String, String> said, Consumer<SettingsReader> declared) {
        Map<String, String> found = new TreeMap<>();
        int before;
        do { // which keys exist depends on the values: features declare keys of their own
            before = found.size();
            SortedMap<String, String> values = new TreeMap<>(fromFile);
            values.putAll(found);
            values.putAll(said);
            SettingsReader reader = new SettingsReader(values);
            declared.accept(reader);
            for (SettingDoc doc : reader.documented()) {
                String name = environmentName(doc.key());
                if (doc.key().endsWith(FAMILY)) {
                    found.putAll(family(doc.key()));
                } else if (environment.containsKey(name)) {
                    found.put(doc.key(), environment.getOrDefault(name, ""));
                }
            }
        } while (found.size() > before);
        return found;
    }

    /** Keys of a family have dots only: {@code MILLRACE_KAFKA_SECURITY_PROTOCOL} is {@code kafka.security.protocol}. */
    private Map<String, String> family(String key) {
        String prefix = environmentName(key.substring(0, key.length() - 1));
        Map<String, String> found = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                found.put(
                        name.substring(ENVIRONMENT_PREFIX.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        value);
            }
        });
        return found;
    }

    private static String environmentName(String key) {
        return ENVIRONMENT_PREFIX
                + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
