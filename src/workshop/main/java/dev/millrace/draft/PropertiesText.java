package dev.millrace.draft;

import java.util.Locale;

/** Lines of a properties file: comments, and keys with their values. */
final class PropertiesText {

    private final StringBuilder text = new StringBuilder();

    PropertiesText blank() {
        text.append('\n');
        return this;
    }

    PropertiesText comment(String line) {
        text.append("# ").append(visible(line)).append('\n');
        return this;
    }

    /** The reason of a choice, and on a line of its own what is not sure. */
    PropertiesText reason(String what, Choice choice) {
        comment(what + ": " + choice.why());
        choice.doubt().ifPresent(doubt -> comment("UNSURE: " + doubt));
        return this;
    }

    PropertiesText set(String key, String value) {
        text.append(escaped(key, true))
                .append(" = ")
                .append(escaped(value, false))
                .append('\n');
        return this;
    }

    String text() {
        return text.toString();
    }

    /** No name in a log can end a comment's line. */
    private static String visible(String line) {
        StringBuilder visible = new StringBuilder();
        line.chars().forEach(unit -> visible.append(Character.isISOControl(unit) ? '?' : (char) unit));
        return visible.toString();
    }

    private static String escaped(String part, boolean isKey) {
        StringBuilder escaped = new StringBuilder();
        for (int at = 0; at < part.length(); at++) {
            char unit = part.charAt(at);
            if (Character.isISOControl(unit)) {
                escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
            } else {
                boolean isSpecial = unit == '\\' || (isKey && " =:#!".indexOf(unit) >= 0);
                escaped.append(isSpecial ? "\\" : "").append(unit);
            }
        }
        return escaped.toString();
    }
}
