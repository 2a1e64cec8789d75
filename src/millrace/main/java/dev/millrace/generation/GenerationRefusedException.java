package dev.millrace.generation;

/** Thrown when a generation cannot be promoted, retired or asked. The message says why, and what can be done. */
public final class GenerationRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public GenerationRefusedException(String message) {
        super(message);
    }
}
