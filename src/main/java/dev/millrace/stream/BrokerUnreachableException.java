package dev.millrace.stream;

/** Thrown when no broker answers; says what was tried. */
public final class BrokerUnreachableException extends RuntimeException {
    BrokerUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
