package dev.millrace.topic;

/** Thrown when a topic does not hold what its writer promises: a gap, a step twice, a record that cannot be read. */
public final class BrokenLogException extends RuntimeException {
    public BrokenLogException(String message) {
        super(message);
    }

    public BrokenLogException(String message, Throwable cause) {
        super(message, cause);
    }
}
