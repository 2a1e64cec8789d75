package dev.millrace.model.loss;

import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;

/**
 * The softmax temperature: fixed, or learned as its logarithm by Adagrad between two bounds.
 *
 * <p>The loss depends on it only through {@code s = cos / τ}, so that {@code dL/d log τ = −Σ s dL/ds} (Radford et al. 2021
 * learn log 1/τ, clipped).
 */
public final class Temperature {

    private static final double EPSILON = 1e-10;

    private final boolean isLearned;
    private final double fixed;
    private final LearnedNumber log;
    private final StoredFields stored;
    private double gradient;

    Temperature(double initial, LearnedTemperature settings) {
        this.isLearned = settings.isLearned();
        this.fixed = initial;
        this.log = new LearnedNumber(
                StrictMath.log(initial),
                StrictMath.log(settings.min()),
                StrictMath.log(settings.max()),
                settings.learningRate(),
                EPSILON);
        this.stored = new StoredFields(form -> {
            log.value(form);
            log.accumulator(form);
        });
        touch();
    }

    public double value() {
        return isLearned ? StrictMath.exp(log.value()) : fixed;
    }

    /** Sets the gradient with respect to log τ for the next {@link #apply}. */
    void learn(double logGradient) {
        gradient = logGradient;
    }

    public double gradient() {
        return gradient;
    }

    /** Updates the temperature from the gradient. */
    public void apply() {
        if (isLearned) {
            log.learn(gradient);
            stored.change();
        }
    }

    /** Makes the next drain hand the temperature over, if it is learned. */
    public void touch() {
        stored.changeIf(isLearned);
    }

    public StoredFields stored() {
        return stored;
    }

    /** Returns τ from a stored entry. */
    public static double read(byte[] entry) {
        return StrictMath.exp(Form.read(entry, form -> form.number(0)));
    }
}
