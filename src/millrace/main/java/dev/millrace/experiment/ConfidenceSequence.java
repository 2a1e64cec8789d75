package dev.millrace.experiment;

/**
 * A confidence sequence for the mean of what grows like a Brownian motion with drift: with the given probability it covers the drift at all times at once,
 * however often one looks.
 *
 * <p>With S, the sum of independent estimates each weighted by its information, and I, the variance of S: under the drift δ, S − δ I is about normal with
 * variance I, with independent increments (Scharfstein, Tsiatis and Robins 1997). For any density of means, the ratio
 *
 * <pre>
 * E(s, v) = Σ_j w_j sqrt(r_j / (v + r_j)) exp(s² / (2 (v + r_j))),   s = S − δ I,  v = I
 * </pre>
 *
 * <p>is then a martingale from 1 on, the likelihood mixed over normal drifts of variance 1 / r_j (Robbins 1970; the normal mixture of
 * Howard, Ramdas, McAuliffe and Sekhon 2021, with two normals here). It ever reaches 1 / α with probability α at most (Ville 1939). With estimated variances this holds from a first look
 * on that has enough clicks (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021).
 *
 * <p>There are two normals of equal weight: one for the change that is looked for, and one of {@value #LARGE}, so that what is broken is found at once.
 */
final class ConfidenceSequence {

    /** A change that nobody has to plan for. */
    private static final double LARGE = 0.5;

    private final double logLimit;
    private final double[] concentrations; // r

    /**
     * @param uplift change that is to be found soonest
     * @param error α
     */
    ConfidenceSequence(double uplift, double error) {
        logLimit = -StrictMath.log(error);
        concentrations = new double[] {concentration(uplift, error), 1 / (LARGE * LARGE)};
    }

    /**
     * Returns r such that the sequence is narrowest at the information m at which it finds the uplift: r = m / (2 log(1/α) + log(1 + 2 log(1/α))), about
     * (Howard et al. 2021, on tuning), and there uplift · m = sqrt((m + r) log((m + r) / (r α²))).
     */
    private static double concentration(double uplift, double error) {
        double part = 1 / (-2 * StrictMath.log(error) + StrictMath.log(1 - 2 * StrictMath.log(error))); // r / m
        double found = (1 + part) * StrictMath.log((1 + part) / (part * error * error)) / (uplift * uplift);
        return part * found;
    }

    /** Returns log E(s, v). */
    private double logRatio(double s, double v) {
        double most = Double.NEGATIVE_INFINITY;
        double[] logs = new double[concentrations.length];
        for (int at = 0; at < logs.length; at++) {
            double r = concentrations[at];
            logs[at] = 0.5 * StrictMath.log(r / (v + r)) + s * s / (2 * (v + r)) - StrictMath.log(logs.length);
            most = Math.max(most, logs[at]);
        }
        double sum = 0;
        for (double one : logs) {
            sum += StrictMath.exp(one - most);
        }
        return most + StrictMath.log(sum);
    }

    /** Returns whether the sequence has excluded a drift of 0. */
    boolean excludesZero(double s, double v) {
        return logRatio(s, v) >= logLimit;
    }

    /** Returns the least s at which the drift 0 is excluded: half the width of the sequence, times the information. */
    double boundary(double v) {
        double low = 0;
        double high = 1;
        while (!excludesZero(high, v)) {
            high *= 2;
        }
        while (high - low > 1e-9 * high) {
            double middle = (low + high) / 2;
            if (excludesZero(middle, v)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    /**
     * Returns the information at which half of the experiments have found a change of that size: where the boundary has come down to it.
     *
     * @param change relative, above 0
     */
    double informationToFind(double change) {
        double low = 0;
        double high = 1;
        while (boundary(high) > change * high) {
            high *= 2;
        }
        while (high - low > 1e-9 * high) {
            double middle = (low + high) / 2;
            if (boundary(middle) > change * middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
}
