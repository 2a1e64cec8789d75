package dev.millrace.log;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How a log event is written. */
enum LogFormat {
    TEXT,
    JSON;

    static Optional<LogFormat> named(String name) {
        return Arrays.stream(values())
                .filter(format -> format.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst();
    }
}
