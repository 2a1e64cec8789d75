package dev.millrace.settings;

/**
 * The documentation of one settings key.
 *
 * @param key dotted, lower case
 * @param pattern the key, with places such as {@code <name>} where there is one for each of several names
 * @param byDefault value if the key is not set
 * @param type type, and range where there is one
 * @param doc one line
 */
public record SettingDoc(String key, String pattern, String byDefault, String type, String doc) {}
