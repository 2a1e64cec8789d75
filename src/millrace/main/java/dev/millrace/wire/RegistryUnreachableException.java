package dev.millrace.wire;

/** Thrown when the schema registry does not answer as it should; says what was asked and what came back. */
public final class RegistryUnreachableException extends RuntimeException {
    public RegistryUnreachableException(String message) {
        super(message);
    }

    public RegistryUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
