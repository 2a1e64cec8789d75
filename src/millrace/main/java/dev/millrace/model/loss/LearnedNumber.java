package dev.millrace.model.loss;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;

/** A number between two bounds that Adagrad (Duchi et al. 2011) moves, {@code w −= rate · g / (√acc + ε)}. One thread. */
public final class LearnedNumber {

    private static final double INITIAL_ACCUMULATOR = 0.001;

    private final double least;
    private final double largest;
    private final double rate;
    private final double epsilon;
    private double value;
    private double accumulator = INITIAL_ACCUMULATOR;

    /** @param epsilon added to the root of the accumulator, at least 0 */
    public LearnedNumber(double value, double least, double largest, double rate, double epsilon) {
        this.value = value;
        this.least = least;
        this.largest = largest;
        this.rate = rate;
        this.epsilon = epsilon;
    }

    public double value() {
        return value;
    }

    public void learn(double gradient) {
        accumulator += gradient * gradient;
        value -= rate * gradient / (StrictMath.sqrt(accumulator) + epsilon);
        value = Math.min(Math.max(value, least), largest);
    }

    /** @throws CorruptEntryException if the stored number is not within the bounds */
    public void value(Form form) {
        value = form.number(value);
        if (form.isRead() && !(value >= least && value <= largest)) {
            throw new CorruptEntryException(
                    "a learned number is " + value + ", must be from " + least + " to " + largest);
        }
    }

    public void accumulator(Form form) {
        accumulator = form.number(accumulator);
    }
}
