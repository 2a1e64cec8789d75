package dev.millrace.stream;

/** Thrown when the schema registry does not answer as it should; says what was asked and what came back. */
public final class RegistryUnreachableException extends RuntimeException {
    RegistryUnreachableException(String message) {
        super(message);
    }

    RegistryUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
