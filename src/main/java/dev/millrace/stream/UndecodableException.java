package dev.millrace.stream;

import dev.millrace.event.Rejected;

/** Thrown when bytes are no value of their topic; says why as a reason for the books. */
final class UndecodableException extends RuntimeException {

    private final String reason;

    UndecodableException(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    Rejected rejected() {
        return new Rejected(reason, String.valueOf(getMessage()));
    }
}
