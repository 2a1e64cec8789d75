package dev.millrace.settings;

/**
 * One invalid setting.
 *
 * @param path key of the setting
 * @param value value that was given
 * @param rule rule that the value breaks
 */
public record SettingFault(String path, String value, String rule) {
    @Override
    public String toString() {
        return path + " = " + value + ": " + rule;
    }
}
