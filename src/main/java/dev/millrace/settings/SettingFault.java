package dev.millrace.settings;

/**
 * One setting that cannot be used.
 *
 * @param path its key
 * @param value what was given
 * @param rule what it must be
 */
public record SettingFault(String path, String value, String rule) {
    @Override
    public String toString() {
        return path + " = " + value + ": " + rule;
    }
}
