package dev.millrace.settings;

import java.util.Locale;

/**
 * One invalid setting.
 *
 * @param path key of the setting
 * @param value value that was given
 * @param rule rule that the value breaks
 */
public record SettingFault(String path, String value, String rule) {

    private static final int SHOWN = 200;
    private static final int BEGINNING = 40;

    @Override
    public String toString() {
        return path + " = " + shown(value) + ": " + rule;
    }

    /** Returns a value as a line shows it: a long one, such as the content of a file, is cut to its beginning, length and hash. */
    public static String shown(String value) {
        return value.length() <= SHOWN
                ? value
                : value.substring(0, BEGINNING).replaceAll("\\s+", " ")
                        + String.format(Locale.ROOT, "… (%d characters, hash %08x)", value.length(), value.hashCode());
    }
}
