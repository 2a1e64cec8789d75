package dev.millrace.event;

/**
 * An event that could not be used, as a value: it is counted by reason and sent to the dead letters.
 *
 * @param reason why; the books count by it
 * @param message what was expected and found, for a human
 */
public record Rejected(RejectReason reason, String message) {}
