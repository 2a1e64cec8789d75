package dev.millrace.log;

import ch.qos.logback.classic.pattern.TargetLengthBasedClassNameAbbreviator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/** A log event as text: {@code time level logger message key=value key="a value"}, and the indented stack trace. */
final class TextLine {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSXXX", Locale.ROOT)
            .withZone(ZoneId.systemDefault());
    private static final int LOGGER_LENGTH = 20;
    private static final TargetLengthBasedClassNameAbbreviator LOGGER =
            new TargetLengthBasedClassNameAbbreviator(LOGGER_LENGTH);
    private static final Pattern PLAIN = Pattern.compile("[\\p{Graph}&&[^\"=\\\\]]+", Pattern.UNICODE_CHARACTER_CLASS);

    private TextLine() {}

    static String of(ILoggingEvent event) {
        StringBuilder line = new StringBuilder();
        line.append(TIME.format(event.getInstant())).append(' ');
        line.append(String.format(Locale.ROOT, "%-5s", event.getLevel())).append(' ');
        line.append(LOGGER.abbreviate(event.getLoggerName())).append(' ');
        line.append(visible(String.valueOf(event.getFormattedMessage())));
        @Nullable List<KeyValuePair> pairs = event.getKeyValuePairs();
        if (pairs != null) {
            pairs.forEach(pair -> line.append(' ').append(pair.key).append('=').append(value(pair.value)));
        }
        line.append('\n');
        @Nullable IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            ThrowableProxyUtil.asString(thrown)
                    .lines()
                    .forEach(of -> line.append("  ").append(visible(of)).append('\n'));
        }
        return line.toString();
    }

    private static String value(@Nullable Object value) {
        String text = String.valueOf(value);
        return PLAIN.matcher(text).matches()
                ? visible(text)
                : '"' + visible(text.replace("\\", "\\\\").replace("\"", "\\\"")) + '"';
    }

    /** The text with every character escaped that could end a line, or change how a terminal shows it. */
    private static String visible(String text) {
        StringBuilder visible = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            switch (point) {
                case '\n' -> visible.append("\\n");
                case '\r' -> visible.append("\\r");
                case '\t' -> visible.append("  ");
                default -> {
                    if (isShown(point)) {
                        visible.appendCodePoint(point);
                    } else {
                        visible.append(String.format(Locale.ROOT, "\\u%04x", point));
                    }
                }
            }
        });
        return visible.toString();
    }

    private static boolean isShown(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }
}
