package dev.millrace.model;

import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;

/**
 * Running mean and variance of a number (Welford 1962).
 *
 * @param count of the numbers so far
 * @param mean of the numbers
 * @param squares sum of squared distances from the mean
 */
record Moments(double count, double mean, double squares) {

    /** Before the first number. */
    static final Moments NONE = new Moments(0, 0, 0);

    /** An outlier is cut to this many standard deviations. */
    private static final double MAX_DEVIATIONS = 8;

    private static final double MIN_DEVIATION = 1e-6;

    /** Returns whether the statistics are usable. A number whose square overflows a double makes them unusable for ever. */
    boolean isFinite() {
        return Double.isFinite(mean) && Double.isFinite(squares);
    }

    Moments plus(double number) {
        double newCount = count + 1;
        double distance = number - mean;
        double newMean = mean + distance / newCount;
        return new Moments(newCount, newMean, squares + distance * (number - newMean));
    }

    /** Standard deviation; 0 before two different numbers. */
    double deviation() {
        double deviation = count < 2 ? 0 : Math.sqrt(squares / count);
        return deviation < MIN_DEVIATION ? 0 : deviation;
    }

    /** Returns the distance from the mean in standard deviations, with outliers cut; 0 before two different numbers. */
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
