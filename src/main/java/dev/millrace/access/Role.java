package dev.millrace.access;

/** What the bearer of a token may do; each may also do what those before it may. */
public enum Role {
    /** Ask, and see the page and the metrics. */
    READ,
    /** Send events. */
    WRITE;

    /** Whether whoever has this role may do what another is for. */
    public boolean includes(Role other) {
        return compareTo(other) >= 0;
    }
}
