package dev.millrace.draft;

/** Thrown if a log does not tell which of its columns is the user, the item or the time. The message says what was weighed. */
public final class UndecidedColumnException extends RuntimeException {
    UndecidedColumnException(String message) {
        super(message);
    }
}
