package dev.millrace.settings;

/**
 * What one key means.
 *
 * @param key dotted, lower case
 * @param byDefault its value when none is given
 * @param type type, and range where there is one
 * @param doc one line
 */
public record SettingDoc(String key, String byDefault, String type, String doc) {}
