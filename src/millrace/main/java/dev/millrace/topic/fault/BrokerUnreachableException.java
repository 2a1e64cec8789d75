package dev.millrace.topic.fault;

/** Thrown when no broker answers; says what was tried. */
public final class BrokerUnreachableException extends RuntimeException {
    public BrokerUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
