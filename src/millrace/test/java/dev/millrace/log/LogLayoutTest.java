package dev.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.settings.SettingFault;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The log as it is configured: what is written of an event, in either format. */
@ResourceLock(Resources.SYSTEM_ERR)
class LogLayoutTest {

    private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) ";

    @Test
    void aLineHasDateLevelLoggerMessageAndPairs() throws Exception {
        String line = written("text", logger -> logger.atWarn()
                .addKeyValue("alarm", "norm-drift")
                .addKeyValue("value", 130.5)
                .log("The model is beyond a limit"));

        assertThat(line)
                .matches(TIME + "WARN  d\\.m\\.s\\.LearnerNotices"
                        + " The model is beyond a limit alarm=norm-drift value=130\\.5\\R");
    }

    @Test
    void jsonHasThemTooAndNumbersStayNumbers() throws Exception {
        String line = written("json", logger -> logger.atWarn()
                .addKeyValue("alarm", "norm-drift")
                .addKeyValue("value", 130.5)
                .addKeyValue("limit", Double.NaN)
                .log("The model is beyond {}", "a limit"));

        assertThat(line).endsWith("\n").hasLineCount(1);
        JsonNode event = new ObjectMapper().readTree(line);
        assertThat(event.path("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
        assertThat(event.path("level").asText()).isEqualTo("WARN");
        assertThat(event.path("logger").asText()).isEqualTo("dev.millrace.stream.LearnerNotices");
        assertThat(event.path("thread").asText()).isNotEmpty();
        assertThat(event.path("message").asText()).isEqualTo("The model is beyond a limit");
        assertThat(event.path("pairs"))
                .isEqualTo(new ObjectMapper()
                        .readTree("{\"alarm\": \"norm-drift\", \"value\": 130.5, \"limit\": \"NaN\"}"));
    }

    @Test
    void aValueThatIsNotOneWordIsQuoted() throws Exception {
        String line = written("text", logger -> logger.atInfo()
                .addKeyValue("empty", "")
                .addKeyValue("words", "two words")
                .addKeyValue("pair", "a=b")
                .addKeyValue("quoted", "\"x\" \\ step=\"9\"")
                .addKeyValue("umlaut", "größe")
                .log("x"));

        assertThat(line)
                .endsWith(" x empty=\"\" words=\"two words\" pair=\"a=b\" quoted=\"\\\"x\\\" \\\\ step=\\\"9\\\"\""
                        + " umlaut=größe" + System.lineSeparator());
    }

    @Test
    void nobodyWhoseWordsAreLoggedForgesALine() throws Exception {
        // new lines of every kind, colours of a terminal, the direction of writing, half a character
        String hostile = "\n2026-01-01T00:00:00.000Z ERROR forged\r\u0085\u2028\u2029\u001b[31m\u202e\ud800";

        for (String format : List.of("text", "json")) {
            String written = written(format, logger -> logger.atWarn()
                    .addKeyValue("id", hostile)
                    .setCause(new IllegalStateException(hostile, new RuntimeException(hostile)))
                    .log("Refused " + hostile));

            assertThat(written.split("[\n\r\u0085\u2028\u2029]"))
                    .filteredOn(line -> !line.startsWith("  ") && !line.isEmpty())
                    .as(format)
                    .hasSize(1);
            if (format.equals("text")) {
                assertThat(written)
                        .doesNotContain("\u001b", "\u202e", "\r")
                        .contains(
                                "Refused \\n2026-01-01T00:00:00.000Z ERROR forged\\r\\u0085\\u2028\\u2029\\u001b[31m");
            }
        }
    }

    @Test
    void aStackTraceFollowsItsLine() throws Exception {
        String written = written("text", logger -> logger.atError()
                .setCause(new IllegalStateException("why"))
                .log("what"));

        assertThat(written.lines().skip(1)).first().isEqualTo("  java.lang.IllegalStateException: why");
        assertThat(written.lines().skip(2)).isNotEmpty().allSatisfy(line -> assertThat(line)
                .startsWith("    at "));
    }

    @Test
    void whatALoggerSaysBeyondTheLimitIsLeftOutAndCounted() throws Exception {
        long minute = 60_000L * 29_000_000;
        List<String> lines = written(Map.of("MILLRACE_LOG_LIMIT", "2"), logger -> {
                    for (int number = 1; number <= 5; number++) {
                        logger.callAppenders(event(logger, Level.WARN, "warning " + number, minute + number));
                    }
                    logger.callAppenders(event(logger, Level.ERROR, "error", minute + 6));
                    logger.callAppenders(event(logger, Level.WARN, "later", minute + 60_000));
                    logger.callAppenders(event(logger, Level.WARN, "last", minute + 60_001));
                })
                .lines()
                .map(line -> line.replaceFirst(".*LearnerNotices ", ""))
                .toList();

        assertThat(lines)
                .containsExactly(
                        "warning 1",
                        "warning 2 restOfTheMinute=\"left out\"",
                        "error",
                        "later leftOutBefore=3",
                        "last restOfTheMinute=\"left out\"");
    }

    @Test
    void withoutALimitNothingIsLeftOut() throws Exception {
        String written = written(Map.of("MILLRACE_LOG_LIMIT", "0"), logger -> {
            for (int number = 0; number < 1_000; number++) {
                logger.warn("again");
            }
        });

        assertThat(written).hasLineCount(1_000);
    }

    private static LoggingEvent event(Logger logger, Level level, String message, long at) {
        LoggingEvent event = new LoggingEvent("", logger, level, message, null, null);
        event.setInstant(Instant.ofEpochMilli(at));
        return event;
    }

    @Test
    void otherFormatsLevelsAndLimitsAreFaults() {
        assertThat(LogSettings.faults(Map.of())).isEmpty();
        assertThat(LogSettings.faults(Map.of("MILLRACE_LOG_FORMAT", "json", "MILLRACE_LOG_LEVEL", "debug")))
                .isEmpty();
        assertThat(LogSettings.faults(Map.of("MILLRACE_LOG_FORMAT", "xml", "MILLRACE_LOG_LEVEL", "loud")))
                .containsExactly(
                        new SettingFault("MILLRACE_LOG_FORMAT", "xml", "must be text or json"),
                        new SettingFault(
                                "MILLRACE_LOG_LEVEL", "loud", "must be TRACE, DEBUG, INFO, WARN, ERROR or OFF"));
        assertThat(LogSettings.faults(Map.of("MILLRACE_LOG_LIMIT", "-1")))
                .containsExactly(new SettingFault("MILLRACE_LOG_LIMIT", "-1", "must be an integer from 0 to 1000000"));
        assertThat(LogSettings.faults(Map.of("MILLRACE_LOG_LIMIT", "1000001"))).hasSize(1);
    }

    /** What the configuration of the program writes. */
    private static String written(String format, Consumer<Logger> log) throws JoranException {
        return written(Map.of("MILLRACE_LOG_FORMAT", format), log);
    }

    private static String written(Map<String, String> environment, Consumer<Logger> log) throws JoranException {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        environment.forEach(context::putProperty);
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            JoranConfigurator configurator = new JoranConfigurator();
            configurator.setContext(context);
            URL configuration = Objects.requireNonNull(LogLayout.class.getResource("/logback.xml"));
            configurator.doConfigure(configuration);
            Logger logger = context.getLogger("dev.millrace.stream.LearnerNotices");
            log.accept(logger);
        } finally {
            context.stop();
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
