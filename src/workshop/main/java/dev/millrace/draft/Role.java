package dev.millrace.draft;

import java.util.Locale;

/** What a column of a log is to the events. */
public enum Role {
    USER,
    ITEM,
    TIME,
    CLICK;

    /** Its name, in lower case. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The option of the command line that settles it. */
    String option() {
        return "--" + label();
    }

    String advice() {
        return option() + " COLUMN settles it";
    }
}
