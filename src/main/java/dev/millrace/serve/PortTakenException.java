package dev.millrace.serve;

/** A server cannot listen on its address. */
public final class PortTakenException extends RuntimeException {

    PortTakenException(String message, Throwable cause) {
        super(message, cause);
    }
}
