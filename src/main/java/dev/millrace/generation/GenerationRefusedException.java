package dev.millrace.generation;

/** A generation cannot be what was asked of it; the message says why, and what can be done. */
public final class GenerationRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public GenerationRefusedException(String message) {
        super(message);
    }
}
