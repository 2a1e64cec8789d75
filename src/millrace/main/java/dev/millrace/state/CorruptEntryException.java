package dev.millrace.state;

/** Thrown when a stored entry fails its length, checksum or format. */
public final class CorruptEntryException extends RuntimeException {
    public CorruptEntryException(String message) {
        super(message);
    }
}
