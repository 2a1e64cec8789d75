package dev.millrace.model.loss;

import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;

/**
 * The softmax temperature: fixed, or learned as its logarithm by Adagrad between two bounds.
 *
 * <p>The loss depends on it only through {@code s = cos / τ}, so that {@code dL/d log τ = −Σ s dL/ds} (Radford et al. 2021
 * learn log 1/τ, clipped).
 */
public final class Temperature {

    private static final double INITIAL_ACCUMULATOR = 0.001;
    private static final double EPSILON = 1e-10;

    private final LearnedTemperature settings;
    private final double fixed;
    private double log;
    private double accumulator = INITIAL_ACCUMULATOR;
    private double gradient;
    private boolean isDirty;

    Temperature(double initial, LearnedTemperature settings) {
        this.settings = settings;
        this.fixed = initial;
        this.log = StrictMath.log(initial);
        this.isDirty = settings.isLearned();
    }

    public boolean isLearned() {
        return settings.isLearned();
    }

    public double value() {
        return settings.isLearned() ? StrictMath.exp(log) : fixed;
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
        if (settings.isLearned()) {
            accumulator += gradient * gradient;
            log -= settings.learningRate() * gradient / (StrictMath.sqrt(accumulator) + EPSILON);
            log = Math.min(Math.max(log, StrictMath.log(settings.min())), StrictMath.log(settings.max()));
            isDirty = true;
        }
    }

    /** Makes the next drain hand the temperature over, if it is learned. */
    public void touch() {
        isDirty = settings.isLearned();
    }

    /** Returns true if the temperature changed since the last call. */
    public boolean drain() {
        boolean wasDirty = isDirty;
        isDirty = false;
        return wasDirty;
    }

    public byte[] entry() {
        return new Fields().number(log).number(accumulator).framed();
    }

    /** Returns τ from a stored entry. */
    public static double read(byte[] entry) {
        return StrictMath.exp(Frame.open(entry).getDouble());
    }

    public void restore(byte[] entry) {
        ByteBuffer payload = Frame.open(entry);
        log = payload.getDouble();
        accumulator = payload.getDouble();
        isDirty = false;
    }
}
