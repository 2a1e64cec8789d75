package dev.millrace.model.graph;

/** A part of a network has no counterpart in the form that it is exported to. The message names it. */
public final class UnexportableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public UnexportableException(String message) {
        super(message);
    }
}
