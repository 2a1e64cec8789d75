package dev.millrace.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.event.KeyValuePair;

/**
 * Caps log events per logger, level and minute, so that a repeating fault cannot fill the disk.
 *
 * <p>The last event that comes through says that the rest of its minute is left out; the first one of a later minute says how many were.
 */
public final class LogLimit extends Filter<ILoggingEvent> {

    static final int MOST = 1_000_000;
    private static final long MILLIS_A_MINUTE = 60_000;

    private int limit;
    private final Map<String, Minute> minutes = new ConcurrentHashMap<>();

    /** Called by Logback. A text that is no such number sets no limit; {@link LogSettings} then stops start-up. */
    public void setLimit(String number) {
        limit = isNumber(number) ? Integer.parseInt(number) : 0;
    }

    static boolean isNumber(String text) {
        return text.matches("[0-9]{1,7}") && Integer.parseInt(text) <= MOST;
    }

    @Override
    public FilterReply decide(ILoggingEvent event) {
        if (limit == 0) {
            return FilterReply.NEUTRAL;
        }
        return minutes.computeIfAbsent(event.getLoggerName() + ' ' + event.getLevel(), key -> new Minute())
                .take(event, limit);
    }

    /** What has come of one logger and level in a minute. */
    private static final class Minute {

        private long minute;
        private int through;
        private int leftOut;

        synchronized FilterReply take(ILoggingEvent event, int most) {
            long now = event.getTimeStamp() / MILLIS_A_MINUTE;
            if (now != minute) {
                if (leftOut > 0) {
                    say(event, "leftOutBefore", leftOut);
                }
                minute = now;
                through = 0;
                leftOut = 0;
            }
            if (through == most) {
                leftOut++;
                return FilterReply.DENY;
            }
            through++;
            if (through == most) {
                say(event, "restOfTheMinute", "left out");
            }
            return FilterReply.NEUTRAL;
        }

        private static void say(ILoggingEvent event, String key, Object value) {
            if (event instanceof LoggingEvent open) {
                open.addKeyValuePair(new KeyValuePair(key, value));
            }
        }
    }
}
