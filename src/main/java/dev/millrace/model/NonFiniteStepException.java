package dev.millrace.model;

/** Thrown when a step's loss or gradient is not finite; nothing of that step was applied. */
public final class NonFiniteStepException extends RuntimeException {
    NonFiniteStepException(long step, double loss, double gradientNorm, double rowNorm) {
        super("step " + step + " is not finite: loss " + loss + ", gradient norm " + gradientNorm + " (networks), "
                + rowNorm + " (rows)");
    }
}
