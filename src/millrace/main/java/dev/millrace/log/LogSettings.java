package dev.millrace.log;

import ch.qos.logback.classic.Level;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The log's settings. They come from the environment alone: the log is there before settings are read. */
public final class LogSettings {

    private static final String FORMAT = "MILLRACE_LOG_FORMAT";
    private static final String LEVEL = "MILLRACE_LOG_LEVEL";
    private static final String LIMIT = "MILLRACE_LOG_LIMIT";

    private LogSettings() {}

    /** Returns the faults; Logback would take another value in silence. */
    public static List<SettingFault> faults(Map<String, String> environment) {
        List<SettingFault> faults = new ArrayList<>();
        String format = environment.getOrDefault(FORMAT, "text");
        if (!LogLayout.FORMATS.contains(format)) {
            faults.add(new SettingFault(FORMAT, format, "must be text or json"));
        }
        String level = environment.getOrDefault(LEVEL, "INFO");
        if (Level.toLevel(level, null) == null) {
            faults.add(new SettingFault(LEVEL, level, "must be TRACE, DEBUG, INFO, WARN, ERROR or OFF"));
        }
        String limit = environment.getOrDefault(LIMIT, "300");
        if (!LogLimit.isNumber(limit)) {
            faults.add(new SettingFault(LIMIT, limit, "must be an integer from 0 to " + LogLimit.MOST));
        }
        return faults;
    }
}
