package dev.millrace.log;

import ch.qos.logback.classic.pattern.TargetLengthBasedClassNameAbbreviator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * The log's lines in the format that {@code MILLRACE_LOG_FORMAT} names.
 *
 * <p>An event is one line, whatever its texts hold; in the text format the lines of a stack trace follow, each indented. So nobody whose
 * words are logged can forge a line.
 */
public final class LogLayout extends LayoutBase<ILoggingEvent> {

    static final List<String> FORMATS = List.of("text", "json");

    /** Escapes all but ASCII: there are more ends of lines than those that JSON escapes. */
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSXXX", Locale.ROOT)
            .withZone(ZoneId.systemDefault());
    private static final TargetLengthBasedClassNameAbbreviator LOGGER = new TargetLengthBasedClassNameAbbreviator(20);
    private static final Pattern PLAIN = Pattern.compile("[\\p{Graph}&&[^\"=\\\\]]+", Pattern.UNICODE_CHARACTER_CLASS);

    private boolean isJson;

    /** Called by Logback. An unknown name keeps the text format; {@link LogSettings} then stops start-up. */
    public void setFormat(String name) {
        isJson = name.equals("json");
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        return isJson ? json(event) : text(event);
    }

    /** {@code time level logger message key=value key="a value"}, and the indented stack trace. */
    private static String text(ILoggingEvent event) {
        StringBuilder line = new StringBuilder();
        line.append(TIME.format(event.getInstant())).append(' ');
        line.append(String.format(Locale.ROOT, "%-5s", event.getLevel())).append(' ');
        line.append(LOGGER.abbreviate(event.getLoggerName())).append(' ');
        line.append(visible(String.valueOf(event.getFormattedMessage())));
        pairs(event)
                .forEach(pair -> line.append(' ').append(pair.key).append('=').append(quoted(pair.value)));
        line.append('\n');
        trace(event).stream()
                .flatMap(String::lines)
                .forEach(of -> line.append("  ").append(visible(of)).append('\n'));
        return line.toString();
    }

    /** An object on a line of its own, with numbers as numbers. */
    private static String json(ILoggingEvent event) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("time", event.getInstant().truncatedTo(ChronoUnit.MILLIS).toString());
        line.put("level", event.getLevel().toString());
        line.put("logger", event.getLoggerName());
        line.put("thread", event.getThreadName());
        line.put("message", event.getFormattedMessage());
        Map<String, @Nullable Object> byKey = new LinkedHashMap<>();
        pairs(event).forEach(pair -> byKey.put(pair.key, value(pair.value)));
        if (!byKey.isEmpty()) {
            line.put("pairs", byKey);
        }
        trace(event).ifPresent(trace -> line.put("trace", trace));
        try {
            return JSON.writeValueAsString(line) + '\n';
        } catch (JsonProcessingException neverHappens) { // texts, numbers and truth values alone
            throw new IllegalStateException(neverHappens);
        }
    }

    private static List<KeyValuePair> pairs(ILoggingEvent event) {
        return Optional.ofNullable(event.getKeyValuePairs()).orElse(List.of());
    }

    private static Optional<String> trace(ILoggingEvent event) {
        return Optional.ofNullable(event.getThrowableProxy()).map(ThrowableProxyUtil::asString);
    }

    private static @Nullable Object value(@Nullable Object value) {
        return value == null || value instanceof Number || value instanceof Boolean ? value : value.toString();
    }

    private static String quoted(@Nullable Object value) {
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
