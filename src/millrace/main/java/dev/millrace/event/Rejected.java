package dev.millrace.event;

/**
 * An invalid event as a value. It is counted by reason and sent to the dead-letter topic.
 *
 * @param reason reason by which the books count it
 * @param message what was expected and what was found, for people to read
 */
public record Rejected(RejectReason reason, String message) {}
