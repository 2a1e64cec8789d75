package dev.millrace.event;

/** An exception that makes its record a dead letter: implemented by all that reading an event can throw for what it holds. */
public interface Rejection {

    /** Why, as a value. */
    Rejected rejected();
}
