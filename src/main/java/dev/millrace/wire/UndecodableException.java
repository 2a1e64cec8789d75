package dev.millrace.wire;

import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejected;
import dev.millrace.event.Rejection;

/** Thrown when bytes are no value of their topic; says why as a reason for the books. */
public final class UndecodableException extends RuntimeException implements Rejection {

    private final RejectReason reason;

    public UndecodableException(RejectReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    @Override
    public Rejected rejected() {
        return new Rejected(reason, String.valueOf(getMessage()));
    }
}
