package dev.millrace.model;

/** Thrown if stored weights come from other settings, or from an engine that would not compute the same bits. */
public final class FingerprintMismatchException extends RuntimeException {
    FingerprintMismatchException(String what, String stored, String here) {
        super("the stored weights have " + what + " " + stored + ", this process has " + here
                + "; continue with the same, or start a new model.generation in an empty state");
    }
}
