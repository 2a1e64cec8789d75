package dev.millrace.wire;

import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejected;

/** Thrown when bytes are no value of their topic; says why as a reason for the books. */
public final class UndecodableException extends RuntimeException {

    private final RejectReason reason;

    public UndecodableException(RejectReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Rejected rejected() {
        return new Rejected(reason, String.valueOf(getMessage()));
    }
}
