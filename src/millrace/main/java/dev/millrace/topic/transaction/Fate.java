package dev.millrace.topic.transaction;

import java.util.Locale;

/** What becomes of an open transaction. */
public enum Fate {
    /** Its coordinator holds it: it ends by its producer, or by its timeout. */
    RUNNING,
    /** Its coordinator has aborted it. The log lacks the end. */
    ABORTED,
    /** Its coordinator has committed it. The log lacks the end. */
    COMMITTED,
    /** The log lacks the end, and the coordinator no longer knows which it was. */
    UNDECIDED;

    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
