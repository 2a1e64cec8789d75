package dev.millrace.wire;

import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejected;
import dev.millrace.event.Rejection;
import org.jspecify.annotations.Nullable;

/** Thrown when bytes are no value of their topic; says why as a reason for the books. */
public final class UndecodableException extends RuntimeException implements Rejection {

    private final RejectReason reason;

    public UndecodableException(RejectReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** The message says what was expected, and then what was found, down to the first cause: a decoder's own message may say no more than "failed". */
    static UndecodableException instead(String expected, Throwable found) {
        StringBuilder message = new StringBuilder(expected);
        for (@Nullable Throwable cause = found; cause != null; cause = cause.getCause()) {
            message.append(": ").append(cause.getClass().getSimpleName());
            String text = cause.getMessage();
            if (text != null) {
                message.append(": ").append(text);
            }
        }
        return new UndecodableException(RejectReason.UNDECODABLE, message.toString());
    }

    @Override
    public Rejected rejected() {
        return new Rejected(reason, String.valueOf(getMessage()));
    }
}
