package dev.millrace.offpolicy;

import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Click rates of a candidate policy by what another policy has shown, with w = candidate / propensity of each row, clipped.
 *
 * <p>Standard errors are the jackknife's over users (Efron and Stein 1981). The bounds are those of Fay and Feuer (1997) for rates whose
 * events have weights, with quantiles by Wilson and Hilferty (1931): the lower one is of a gamma distribution with the estimate as its
 * mean, the upper one of the estimate after one more click. That click has the mean weight of what the candidate shows,
 * Σw² / Σw; Fay and Feuer take the largest weight, which makes intervals up to four times as wide.
 */
public final class OffPolicyEstimates {

    private static final double Z = 1.959963984540054; // of a normal distribution, 2.5 % are above

    private final Map<Integer, Sums> users = new HashMap<>();
    private Sums all = new Sums(0, 0, 0, 0, 0, 0);
    private double clipped;

    /** Sums over rows: of 1, r, w, w², w r, and w (r − q) + q̄. */
    private record Sums(
            double rows, double clicks, double weights, double squares, double weightedClicks, double corrected) {

        Sums plus(Sums other, int sign) {
            return new Sums(
                    rows + sign * other.rows,
                    clicks + sign * other.clicks,
                    weights + sign * other.weights,
                    squares + sign * other.squares,
                    weightedClicks + sign * other.weightedClicks,
                    corrected + sign * other.corrected);
        }
    }

    /** An estimate and its interval of 95 %. */
    public record Estimate(double value, double low, double high) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.3g [%.3g–%.3g]", value, low, high);
        }
    }

    /**
     * @param shown rows, of which the candidate shows at least one
     * @param clip the largest weight, more than 0; larger ones are lowered to it
     */
    public OffPolicyEstimates(Collection<Shown> shown, double clip) {
        for (Shown row : shown) {
            double full = row.candidate() / row.propensity();
            double weight = Math.min(full, clip);
            double click = row.isClicked() ? 1 : 0;
            double corrected = weight * (click - row.expected()) + row.expectedOfCandidate();
            Sums sums = new Sums(1, click, weight, weight * weight, weight * click, corrected);
            users.merge(row.user(), sums, (left, right) -> left.plus(right, 1));
            all = all.plus(sums, 1);
            clipped += full > clip ? 1 : 0;
        }
    }

    /** Click rate of the logged policy. */
    public Estimate logged() {
        return estimate(sums -> sums.clicks / sums.rows);
    }

    /** Inverse propensity scoring: Σ w r / n. */
    public Estimate ips() {
        return estimate(sums -> sums.weightedClicks / sums.rows);
    }

    /** Self-normalised: Σ w r / Σ w. */
    public Estimate selfNormalised() {
        return estimate(sums -> sums.weightedClicks / sums.weights);
    }

    /** Doubly robust: Σ (w (r − q) + q̄) / n, with what a model expects of the row, q, and of the candidate, q̄. */
    public Estimate doublyRobust() {
        return estimate(sums -> sums.corrected / sums.rows);
    }

    /** The self-normalised estimate over the logged rate; not finite if nothing was clicked. */
    public Estimate ratio() {
        return estimate(sums -> sums.weightedClicks / sums.weights / sums.clicks * sums.rows);
    }

    /** Mean of w: 1 in expectation if propensities are right, none is clipped, and the log could show all that the candidate shows. */
    public Estimate meanWeight() {
        return estimate(sums -> sums.weights / sums.rows);
    }

    /** Rows of the candidate that would tell as much (Kish 1965): (Σ w)² / Σ w². Not a number if the candidate shows no row. */
    public double effectiveRows() {
        return all.weights * all.weights / all.squares;
    }

    /** Share of the rows whose weight was clipped. */
    public double clippedShare() {
        return clipped / all.rows;
    }

    private Estimate estimate(ToDoubleFunction<Sums> estimator) {
        double value = estimator.applyAsDouble(all);
        double variance = variance(estimator, value);
        double click = all.squares / all.weights;
        Sums oneMore = all.plus(new Sums(0, 1, 0, 0, click, click), 1);
        double step = Math.max(0, estimator.applyAsDouble(oneMore) - value);
        return new Estimate(
                value, quantile(value, variance, -Z), quantile(Math.max(0, value) + step, variance + step * step, Z));
    }

    /** (n − 1) / n Σ (θ₋ᵤ − θ)² over n users, θ₋ᵤ without user u; θ² if all of it is of one user. */
    private double variance(ToDoubleFunction<Sums> estimator, double value) {
        double squares = users.values().stream()
                .mapToDouble(user -> Math.pow(estimator.applyAsDouble(all.plus(user, -1)) - value, 2))
                .sum();
        return Double.isFinite(squares) ? (users.size() - 1.0) / users.size() * squares : value * value;
    }

    /** The quantile of a gamma distribution with shape a = mean² / variance: mean (1 − 1 / 9a + z / 3√a)³. */
    private static double quantile(double mean, double variance, double z) {
        double shape = mean * mean / variance;
        return mean <= 0 ? 0 : mean * Math.pow(Math.max(0, 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape))), 3);
    }
}
