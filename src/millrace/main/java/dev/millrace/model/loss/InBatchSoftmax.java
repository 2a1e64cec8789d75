package dev.millrace.model.loss;

import dev.millrace.model.engine.Exponential;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Team;
import java.util.Arrays;

/**
 * The sampled softmax loss over the candidates of a step. One thread.
 *
 * <p>Classic, or without correction (Yi et al. 2019; Yang et al. 2020): {@code l_ic = s_ic + constant}, {@code L = −(1/B)
 * Σ_i w_i log softmax(l_i)_y}, {@code dL/ds_ic = w_i/B (P_ic − [c = y])}.
 *
 * <p>Yandex 2025 (arXiv 2507.09331, RecSys 2025): the positive is not drawn, so it is not corrected and is not among the
 * negatives, which are drawn from {@code Q'_j = Q_j / (1 − Q_p)}; {@code L_i = w (−s_p + log Σ_neg exp(s_j − log Q'_j))},
 * with {@code w = 1 − P}, a constant in the gradient, {@code P = e^{s_p} / (e^{s_p} + (1/n) Σ_neg exp(s_j − log Q'_j))},
 * over the n negatives that are not masked.
 *
 * <p>With label smoothing ε, classic only: {@code L_i = log Σ_c exp(l_ic) − (1 − ε) l_iy − ε Σ_c v_c s_ic}, {@code v_c} in proportion to 1/Q over
 * the candidate's columns but the example's own, 0 if it is masked; {@code dL/ds_ic = w_i/B (P_ic − (1 − ε) [c = y] − ε v_c)}. The last sum estimates the
 * mean score over the catalogue. A negative of one example is not drawn from Q, so it has no v.
 *
 * <p>A negative of one example has the constant of the example's positive, so that the two compare by their scores. It is
 * not drawn from Q. It is part of P only if the example has no other negatives.
 */
final class InBatchSoftmax extends ScoreLoss {

    private final boolean isPositiveApart;
    private final boolean isFactorLearned;
    private final double smoothing;
    /** [shared] Σ 1/Q over each candidate's columns; empty without smoothing. */
    private double[] draws = new double[0];
    /** [examples] Σ s dL/ds over the scores of each. */
    private double[] scoreGradients = new double[0];

    private int examples;

    /**
     * @param isFactorLearned whether to compute {@link #scoreGradient}
     * @param smoothing ε; 0 unless the correction is classic
     * @param team shares the examples
     */
    InBatchSoftmax(Correction correction, boolean isFactorLearned, double smoothing, Team team) {
        super(team);
        this.smoothing = smoothing;
        this.isPositiveApart = correction == Correction.YANDEX_2025;
        this.isFactorLearned = isFactorLearned;
    }

    @Override
    void begin(Step step) {
        examples = step.examples();
        if (scoreGradients.length < examples) {
            scoreGradients = new double[examples];
        }
        if (smoothing > 0) {
            draws = exponentials(step.candidates().others());
        }
    }

    @Override
    double scoreGradient() {
        double sum = 0;
        for (int i = 0; i < examples; i++) {
            sum += scoreGradients[i];
        }
        return sum;
    }

    /** Σ s dL/ds is computed before the scores are replaced. */
    @Override
    double example(int i, Step step, Bench bench) {
        float[] scores = step.scores();
        float[] pairScores = step.pairScores();
        Candidates candidates = step.candidates();
        float weight = step.weights()[i];
        scoreGradients[i] = 0;
        RowNegatives negatives = bench.negatives;
        int count = candidates.shared();
        int firstPair = step.firstPair(i);
        int all = count + step.pairs(i);
        int y = candidates.positive()[i];
        float[] l = bench.row;
        System.arraycopy(scores, i * count, l, 0, count);
        System.arraycopy(pairScores, firstPair, l, count, all - count);
        float positive = l[y]
                + (isPositiveApart
                        ? candidates.columns().ownTerm()[i]
                        : candidates.own()[i]);
        float[] constants = negatives.constants(candidates, i, l);
        Loops.now().add(l, 0, constants, 0, count);
        for (int at = count; at < all; at++) {
            l[at] += candidates.own()[i];
        }
        l[y] = isPositiveApart ? Float.NEGATIVE_INFINITY : positive;
        float max = Loops.now().max(l, 0, all);
        if (max == Float.NEGATIVE_INFINITY) { // no negatives
            Arrays.fill(scores, i * count, (i + 1) * count, 0f);
            Arrays.fill(pairScores, firstPair, firstPair + all - count, 0f);
            return 0;
        }
        float sum = Exponential.replace(l, all, max, bench.scratch);
        if (negatives.areMasked()) {
            clearMasked(l, constants, y);
        }
        double loss;
        float factor;
        if (isPositiveApart) {
            l[y] = 0f;
            double logRest = candidates.columns().logRest()[i];
            double doubt = doubt(i, positive, max + logRest, constants, step, l);
            loss = doubt * (max + StrictMath.log(sum) + logRest - positive);
            factor = (float) (weight * doubt / examples);
        } else {
            loss = StrictMath.log(sum) - (positive - max);
            factor = weight / examples;
        }
        float scale = factor / sum;
        for (int at = 0; at < all; at++) {
            l[at] *= scale;
        }
        l[y] -= factor;
        if (smoothing > 0) {
            loss += smooth(i, l, step, constants, factor);
        }
        if (isFactorLearned) {
            scoreGradients[i] = dot(l, 0, scores, i * count, count) + dot(l, count, pairScores, firstPair, all - count);
        }
        System.arraycopy(l, 0, scores, i * count, count);
        System.arraycopy(l, count, pairScores, firstPair, all - count);
        return loss;
    }

    /**
     * Moves a share of the target from the positive to the catalogue: changes the gradients of the shared candidates, and returns what that adds to the
     * loss, {@code ε (l_y − Σ_c v_c s_c)}.
     *
     * @param factor of the example's gradients
     */
    private double smooth(int i, float[] gradients, Step step, float[] constants, float factor) {
        float[] scores = step.scores();
        Candidates candidates = step.candidates();
        int count = candidates.shared();
        int y = candidates.positive()[i];
        float own = candidates.own()[i];
        double ofPositive = Math.max(0, draws[y] - (candidates.columns().counted()[i] ? StrictMath.exp(own) : 0));
        double total = 0;
        double mean = 0;
        for (int c = 0; c < count; c++) {
            double drawn = c == y ? ofPositive : drawn(c, constants);
            total += drawn;
            mean += drawn * scores[i * count + c];
        }
        if (total == 0) { // nothing was drawn
            return 0;
        }
        mean /= total;
        double spread = smoothing * factor / total;
        for (int c = 0; c < count; c++) {
            gradients[c] -= (float) (spread * (c == y ? ofPositive : drawn(c, constants)));
        }
        gradients[y] += (float) (smoothing * factor);
        return smoothing * (scores[i * count + y] + own - mean);
    }

    private double drawn(int candidate, float[] constants) {
        return constants[candidate] == Float.NEGATIVE_INFINITY ? 0 : draws[candidate];
    }

    private static double[] exponentials(float[] logarithms) {
        double[] exponentials = new double[logarithms.length];
        for (int at = 0; at < exponentials.length; at++) {
            exponentials[at] = StrictMath.exp(logarithms[at]);
        }
        return exponentials;
    }

    /**
     * Returns 1 − P over the shared negatives, or over the example's own pairs if it has no shared negative. The
     * exponentials are relative to {@code logScale}.
     */
    private static double doubt(int i, float positive, double logScale, float[] constants, Step step, float[] logits) {
        Candidates candidates = step.candidates();
        int count = candidates.shared();
        int[] columns = candidates.columns().count();
        double sum = 0;
        int drawn = 0;
        for (int c = 0; c < count; c++) {
            if (c != candidates.positive()[i] && constants[c] != Float.NEGATIVE_INFINITY) {
                sum += logits[c];
                drawn += columns[c];
            }
        }
        if (drawn == 0) {
            drawn = step.pairs(i);
            for (int at = count; at < count + drawn; at++) {
                sum += logits[at];
            }
        }
        double logMean = logScale + StrictMath.log(sum / drawn);
        return 1 / (1 + StrictMath.exp(positive - logMean));
    }

    private static void clearMasked(float[] exponentials, float[] constants, int positive) {
        for (int c = 0; c < constants.length; c++) {
            if (constants[c] == Float.NEGATIVE_INFINITY && c != positive) {
                exponentials[c] = 0f;
            }
        }
    }

    private static double dot(float[] left, int leftAt, float[] right, int rightAt, int count) {
        double sum = 0;
        for (int at = 0; at < count; at++) {
            sum += (double) left[leftAt + at] * right[rightAt + at];
        }
        return sum;
    }
}
