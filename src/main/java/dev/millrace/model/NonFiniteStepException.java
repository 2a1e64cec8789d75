package dev.millrace.model;

/** Thrown when loss or gradient of a step is not finite, before anything of it was applied. */
public final class NonFiniteStepException extends RuntimeException {
    public NonFiniteStepException(String message) {
        super(message);
    }
}
