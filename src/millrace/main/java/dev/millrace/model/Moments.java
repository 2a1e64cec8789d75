package dev.millrace.model;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Running mean and deviation of a numeric feature. The influence of one subject is bounded, whatever its numbers. One thread; a
 * {@link Scale} may go to others.
 *
 * <p>A step adds its numbers with {@link #plus}, then calls {@link #settle}.
 */
final class Moments {

    /*
     * Layout. A subject belongs to one of the groups by its id, so one account reaches one group. Each group has count, mean
     * m_g and sum of squared distances from it (Welford 1962; with weights West 1979).
     *
     * Estimate. M is the median of the m_g. D² is that of s_g = variance_g + (m_g − M)² over the groups where it is not 0
     * (medians of means: Nemirovski and Yudin 1983; Alon, Matias and Szegedy 1999). Groups with s_g <= 64 D² are pooled
     * (Chan, Golub and LeVeque 1983), none with a weight above twice the median count. With few groups all are pooled.
     *
     * Intake. A number is clipped to some deviations of the last estimate: outliers of many subjects would spoil one group
     * after the other. docs/decisions/0052 has the measurement.
     */
    static final int GROUPS = 64;

    /** Fewer groups say nothing about which of them is wrong. */
    static final int FEW_GROUPS = 5;

    /** A number is clipped to this many deviations when it is taken in (docs/decisions/0052). */
    static final double INTAKE_DEVIATIONS = 16;

    /** Sums of its square stay finite. */
    static final double LARGEST = 1e100;

    private static final double MAX_SPREAD = 64; // of the median spread
    private static final double MAX_WEIGHT = 2; // of the median count

    private final double[] counts;
    private final double[] means;
    private final double[] squares;
    private Scale scale;
    private double lowest;
    private double highest;

    /** Before the first number. */
    Moments() {
        this(new double[GROUPS], new double[GROUPS], new double[GROUPS], Scale.NONE, -LARGEST, LARGEST);
    }

    private Moments(double[] counts, double[] means, double[] squares, Scale scale, double lowest, double highest) {
        this.counts = counts;
        this.means = means;
        this.squares = squares;
        this.scale = scale;
        this.lowest = lowest;
        this.highest = highest;
    }

    /**
     * Mean and deviation that normalise a number; immutable.
     *
     * @param deviation 0 before two different numbers
     */
    record Scale(double mean, double deviation) {

        static final Scale NONE = new Scale(0, 0);

        /** An outlier is cut to this many standard deviations. */
        private static final double MAX_DEVIATIONS = 8;

        private static final double MIN_DEVIATION = 1e-6;

        private static Scale of(double mean, double variance) {
            return new Scale(mean, isConstant(variance) ? 0 : Math.sqrt(variance));
        }

        private static boolean isConstant(double variance) {
            return Math.sqrt(variance) < MIN_DEVIATION;
        }

        /** Returns the distance from the mean in deviations, with outliers cut; 0 if the deviation is 0. */
        float normalise(double number) {
            if (deviation == 0) {
                return 0f;
            }
            return (float) Math.max(-MAX_DEVIATIONS, Math.min(MAX_DEVIATIONS, (number - mean) / deviation));
        }
    }

    /** Returns mean and deviation as of the last {@link #settle}. */
    Scale scale() {
        return scale;
    }

    /**
     * Adds a number.
     *
     * @param subject id of the user or item that it is of
     * @param weight in (0, 1]
     */
    void plus(String subject, double number, double weight) {
        int g = group(subject);
        double taken = Math.max(lowest, Math.min(highest, number));
        double distance = taken - means[g];
        counts[g] += weight;
        means[g] += distance * (weight / counts[g]);
        squares[g] += weight * distance * (taken - means[g]);
    }

    /** Returns the group of a subject: a function of its id. */
    static int group(String subject) {
        return CounterRandom.below(GROUPS, KeyIndex.fingerprint(subject), 0, 0);
    }

    /** Makes {@link #scale} that of all numbers so far. */
    void settle() {
        lowest = -LARGEST;
        highest = LARGEST;
        if (IntStream.range(0, GROUPS).filter(this::isFilled).count() < FEW_GROUPS) {
            scale = pooled(this::isFilled, Double.MAX_VALUE);
            return;
        }
        double middle = median(this::isFilled, g -> means[g]);
        IntToDoubleFunction spread = g -> squares[g] / counts[g] + (means[g] - middle) * (means[g] - middle);
        IntPredicate isConstant = g -> Scale.isConstant(spread.applyAsDouble(g));
        // without constant groups: they would leave out the others of a feature that differs in few
        double most = MAX_SPREAD * median(g -> isFilled(g) && !isConstant.test(g), spread);
        scale = pooled(
                g -> isFilled(g) && (spread.applyAsDouble(g) <= most || isConstant.test(g)),
                MAX_WEIGHT * median(this::isFilled, g -> counts[g]));
        if (scale.deviation() > 0) {
            lowest = Math.max(lowest, scale.mean() - INTAKE_DEVIATIONS * scale.deviation());
            highest = Math.min(highest, scale.mean() + INTAKE_DEVIATIONS * scale.deviation());
        }
    }

    private boolean isFilled(int group) {
        return counts[group] > 0;
    }

    /** Returns mean and deviation over groups (Chan, Golub and LeVeque 1983, eq. 2.1), none of a larger weight than given. */
    private Scale pooled(IntPredicate among, double maxWeight) {
        double weights = 0;
        double mean = 0;
        double sum = 0;
        for (int g = 0; g < GROUPS; g++) {
            if (among.test(g)) {
                double weight = Math.min(maxWeight, counts[g]);
                double share = weight / (weights + weight);
                double distance = means[g] - mean;
                sum += squares[g] * (weight / counts[g]) + distance * distance * weights * share;
                mean += distance * share;
                weights += weight;
            }
        }
        return weights == 0 ? Scale.NONE : Scale.of(mean, sum / weights);
    }

    /** Returns the middle one over groups, of two the lower; 0 if there is none. */
    private static double median(IntPredicate among, IntToDoubleFunction of) {
        double[] sorted = new double[GROUPS];
        int count = 0;
        for (int g = 0; g < GROUPS; g++) {
            if (among.test(g)) {
                sorted[count++] = of.applyAsDouble(g);
            }
        }
        Arrays.sort(sorted, 0, count);
        return count == 0 ? 0 : sorted[(count - 1) / 2];
    }

    Moments copy() {
        return new Moments(counts.clone(), means.clone(), squares.clone(), scale, lowest, highest);
    }

    byte[] entry() {
        return Form.written(this::fields);
    }

    /** @throws CorruptEntryException if the entry has another length, or a number that no group can have */
    static Moments read(byte[] entry) {
        Moments read = new Moments();
        Form.restore(entry, read::fields);
        read.settle();
        return read;
    }

    private void fields(Form form) {
        for (int g = 0; g < GROUPS; g++) {
            counts[g] = form.number(counts[g]);
            means[g] = form.number(means[g]);
            squares[g] = form.number(squares[g]);
            boolean isPossible = counts[g] >= 0
                    && counts[g] <= LARGEST
                    && Math.abs(means[g]) <= LARGEST
                    && squares[g] >= 0
                    && Double.isFinite(squares[g]);
            if (form.isRead() && !isPossible) {
                throw new CorruptEntryException("the statistics of a numeric feature have a group of count " + counts[g]
                        + ", mean " + means[g] + " and squares " + squares[g]);
            }
        }
    }
}
