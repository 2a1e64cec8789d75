package dev.millrace.access;

import java.util.Locale;

/** What the bearer of a token may do; each may also do what those before it may. */
public enum Role {
    /** Ask, and see the page and the metrics. */
    READ,
    /** Send events. */
    WRITE,
    /** Order what changes the model that answers, or removes a user. */
    ADMIN;

    /** As files of tokens and answers have it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether whoever has this role may do what another is for. */
    public boolean includes(Role other) {
        return compareTo(other) >= 0;
    }
}
