package dev.millrace.draft;

import java.util.Locale;

/** What a column of a log is to the events. */
public enum Role {
    USER,
    ITEM,
    TIME,
    CLICK;

    /** The option of the command line that settles it. */
    public String option() {
        return "--" + label();
    }

    /** Its name, in lower case. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
