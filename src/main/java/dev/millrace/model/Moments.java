package dev.millrace.model;

import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;

/**
 * Running mean and variance of a number (Welford 1962).
 *
 * @param count numbers seen
 * @param mean of them
 * @param squares sum of squared distances from the mean
 */
record Moments(double count, double mean, double squares) {

    /** Nothing seen. */
    static final Moments NONE = new Moments(0, 0, 0);

    /** What is left of an outlier: that many standard deviations. */
    private static final double MAX_DEVIATIONS = 8;

    private static final double MIN_DEVIATION = 1e-6;

    /** Whether they can be used: numbers whose squares are beyond the doubles leave them unusable for ever. */
    boolean isFinite() {
        return Double.isFinite(mean) && Double.isFinite(squares);
    }

    Moments plus(double number) {
        double newCount = count + 1;
        double distance = number - mean;
        double newMean = mean + distance / newCount;
        return new Moments(newCount, newMean, squares + distance * (number - newMean));
    }

    /** Standard deviation; 0 while two different numbers have not been seen. */
    double deviation() {
        double deviation = count < 2 ? 0 : Math.sqrt(squares / count);
        return deviation < MIN_DEVIATION ? 0 : deviation;
    }

    /** Distance from the mean in standard deviations, cut at a few; 0 while two different numbers have not been seen. */
    float normalise(double number) {
        double deviation = deviation();
        if (deviation == 0) {
            return 0f;
        }
        return (float) Math.max(-MAX_DEVIATIONS, Math.min(MAX_DEVIATIONS, (number - mean) / deviation));
    }

    byte[] entry() {
        return new Fields().number(count).number(mean).number(squares).framed();
    }

    static Moments read(byte[] entry) {
        ByteBuffer payload = Frame.open(entry);
        return new Moments(payload.getDouble(), payload.getDouble(), payload.getDouble());
    }
}
