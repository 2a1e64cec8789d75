package dev.millrace.stream;

import java.util.Locale;

/** The Streams applications, one or several of which run in a process. */
public enum Part {
    ATTRIBUTE,
    LEARN,
    LEARN_FROM_LOG,
    MAP;

    public String suffix() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
