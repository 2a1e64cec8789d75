package dev.millrace.event;

/**
 * An event that could not be used, as a value: it is counted by reason and sent to the dead letters.
 *
 * @param reason why, a short fixed name such as {@code undecodable} or {@code bad-item-id}; a counter's name
 * @param message what was expected and found, for a human
 */
public record Rejected(String reason, String message) {}
