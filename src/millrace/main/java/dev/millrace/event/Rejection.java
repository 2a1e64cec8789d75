package dev.millrace.event;

/** An exception that makes the record a dead letter. Every exception for invalid content of an event implements it. */
public interface Rejection {

    /** Returns reason and message as a value. */
    Rejected rejected();
}
