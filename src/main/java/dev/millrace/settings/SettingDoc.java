package dev.millrace.settings;

/**
 * The documentation of one settings key.
 *
 * @param key dotted, lower case
 * @param byDefault value if the key is not set
 * @param type type, and range where there is one
 * @param doc one line
 */
public record SettingDoc(String key, String byDefault, String type, String doc) {}
