package dev.millrace.model;

/** Thrown if a step would harm the model. Nothing of that step was applied. */
public final class RefusedStepException extends RuntimeException {

    /** Why a step is refused, with its name in the books. */
    public enum Reason {
        /** Loss or gradient is not a finite number. */
        NOT_FINITE("not finite"),
        /** The gradient is longer than {@code optimiser.refuse-gradient-norm}. */
        EXPLODING("exploding");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    private final Reason reason;

    RefusedStepException(Reason reason, long step, double loss, double gradientNorm, double rowNorm) {
        super("step " + step + " is " + reason.text() + ": loss " + loss + ", gradient norm " + gradientNorm
                + " (networks), " + rowNorm + " (rows)");
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
