package dev.millrace.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;

/**
 * The log's lines in the format that {@code MILLRACE_LOG_FORMAT} names.
 *
 * <p>An event is one line, whatever its texts hold; in the text format the lines of a stack trace follow, each indented. So nobody whose
 * words are logged can forge a line.
 */
public final class LogLayout extends LayoutBase<ILoggingEvent> {

    private LogFormat format = LogFormat.TEXT;

    /** Called by Logback; a name that is none leaves the text format, and the program refuses to start. */
    public void setFormat(String name) {
        format = LogFormat.named(name).orElse(LogFormat.TEXT);
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        return switch (format) {
            case TEXT -> TextLine.of(event);
            case JSON -> JsonLine.of(event);
        };
    }
}
