package dev.millrace.settings;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The text of a settings file: lines of {@code key = value}, in the syntax of {@link Properties}.
 *
 * <p>A CSV or JSON file given by mistake would have an unknown key in every row. It is recognised by its first lines,
 * so that there is only one fault.
 */
public final class SettingsText {

    private static final List<Character> DELIMITERS = List.of(',', ';', '|', '\t');
    private static final int SHOWN_CHARS = 80;

    private SettingsText() {}

    /**
     * Reads the settings.
     *
     * @param option option that named the file
     * @param file name of the file
     * @param wanted what the file must be
     * @throws InvalidSettingsException if the text is a table, or cannot be read as settings
     */
    public static SortedMap<String, String> read(String option, String file, String text, String wanted) {
        tableFault(text).ifPresent(found -> {
            throw new InvalidSettingsException(List.of(new SettingFault(option, file, found + "; must be " + wanted)));
        });
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(text));
        } catch (IllegalArgumentException malformed) {
            throw new InvalidSettingsException(
                    List.of(new SettingFault(option, file, "must be " + wanted + ": " + malformed.getMessage())));
        } catch (IOException impossible) {
            throw new UncheckedIOException("a text in memory can be read", impossible);
        }
        SortedMap<String, String> settings = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key, "")));
        return settings;
    }

    private static Optional<String> tableFault(String text) {
        List<String> lines = text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#") && !line.startsWith("!"))
                .limit(2)
                .toList();
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        String first = lines.get(0);
        String start = first.length() > SHOWN_CHARS ? first.substring(0, SHOWN_CHARS) + "…" : first;
        if (first.startsWith("{") || first.startsWith("[")) {
            return Optional.of("looks like JSON, its first line is \"" + start + "\"");
        }
        return isTable(lines) ? Optional.of("looks like CSV, its first line is \"" + start + "\"") : Optional.empty();
    }

    /**
     * Returns true if the first key holds a delimiter, or if both lines hold the same number of one delimiter and no
     * equals sign.
     */
    private static boolean isTable(List<String> lines) {
        String key = lines.get(0).split("[=:\\s]", 2)[0];
        for (char delimiter : DELIMITERS) {
            if (key.indexOf(delimiter) >= 0) {
                return true;
            }
            List<Long> counts = new ArrayList<>();
            lines.forEach(line ->
                    counts.add(line.chars().filter(each -> each == delimiter).count()));
            boolean isEven =
                    lines.size() == 2 && counts.get(0) > 0 && counts.get(0).equals(counts.get(1));
            if (isEven && lines.stream().noneMatch(line -> line.contains("="))) {
                return true;
            }
        }
        return false;
    }
}
