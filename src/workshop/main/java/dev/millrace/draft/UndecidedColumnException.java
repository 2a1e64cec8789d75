package dev.millrace.draft;

/** Thrown if a log does not tell its columns apart, or which is the user, the item or the time. The message says what was weighed. */
public final class UndecidedColumnException extends RuntimeException {
    UndecidedColumnException(String message) {
        super(message);
    }
}
