package dev.millrace.model.loss;

import dev.millrace.model.engine.Exponential;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Team;
import dev.millrace.model.network.Scratch;
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
final class InBatchSoftmax implements ScoreLoss {

    private final boolean isPositiveApart;
    private final boolean isFactorLearned;
    private final double smoothing;
    private final Team team;
    private final Bench[] benches;
    /** [shared] Σ 1/Q over each candidate's columns; empty without smoothing. */
    private double[] draws = new double[0];
    /** [examples] Σ s dL/ds over the scores of each. */
    private double[] scoreGradients = new double[0];

    private double scoreGradient;

    /**
     * @param isFactorLearned whether to compute {@link #scoreGradient}
     * @param smoothing ε; 0 unless the correction is classic
     * @param team shares the examples
     */
    InBatchSoftmax(Correction correction, boolean isFactorLearned, double smoothing, Team team) {
        this.smoothing = smoothing;
        this.team = team;
        this.benches = Bench.of(team);
        this.isPositiveApart = correction == Correction.YANDEX_2025;
        this.isFactorLearned = isFactorLearned;
    }

    @Override
    public void toGradient(
            float[] scores, float[] pairScores, Candidates candidates, float[] weights, double[] losses) {
        int examples = weights.length;
        int count = candidates.shared();
        int longest = count;
        for (int i = 0; i < examples; i++) {
            longest = Math.max(longest, count + pairs(candidates, i));
        }
        for (Bench bench : benches) {
            bench.row = Scratch.atLeast(bench.row, longest);
            bench.scratch = Scratch.atLeast(bench.scratch, longest);
        }
        if (scoreGradients.length < examples) {
            scoreGradients = new double[examples];
        }
        if (smoothing > 0) {
            draws = exponentials(candidates.others());
        }
        team.share(examples, WORTH_A_THREAD, (from, to, member) -> {
            for (int i = from; i < to; i++) {
                scoreGradients[i] = 0;
                losses[i] = row(i, scores, pairScores, candidates, weights[i], examples, benches[member]);
            }
        });
        scoreGradient = 0;
        for (int i = 0; i < examples; i++) {
            scoreGradient += scoreGradients[i];
        }
    }

    @Override
    public double scoreGradient() {
        return scoreGradient;
    }

    /** Returns the loss of one example, and replaces its scores by their gradients. Σ s dL/ds is computed before that. */
    private double row(
            int i, float[] scores, float[] pairScores, Candidates candidates, float weight, int examples, Bench bench) {
        RowNegatives negatives = bench.negatives;
        int count = candidates.shared();
        int firstPair = candidates.pairStarts()[i];
        int all = count + pairs(candidates, i);
        int y = candidates.positive()[i];
        float[] l = bench.row;
        System.arraycopy(scores, i * count, l, 0, count);
        System.arraycopy(pairScores, firstPair, l, count, all - count);
        float positive = l[y]
                + (isPositiveApart
                        ? candidates.columns().ownTerm()[i]
                        : candidates.own()[i]);
        float[] constants = negatives.constants(candidates, i, l);
        addTo(l, constants);
        for (int at = count; at < all; at++) {
            l[at] += candidates.own()[i];
        }
        l[y] = isPositiveApart ? Float.NEGATIVE_INFINITY : positive;
        float max = Loops.now().max(l, 0, all);
        if (max == Float.NEGATIVE_INFINITY) { // no negatives
            clear(i, scores, pairScores, candidates);
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
            double doubt = doubt(i, positive, max + logRest, constants, candidates, l);
            loss = doubt * (max + StrictMath.log(sum) + logRest - positive);
            factor = (float) (weight * doubt / examples);
        } else {
            loss = StrictMath.log(sum) - (positive - max);
            factor = weight / examples;
        }
        scale(l, all, factor / sum);
        l[y] -= factor;
        if (smoothing > 0) {
            loss += smooth(i, l, scores, constants, candidates, factor);
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
    private double smooth(
            int i, float[] gradients, float[] scores, float[] constants, Candidates candidates, float factor) {
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
    private static double doubt(
            int i, float positive, double logScale, float[] constants, Candidates candidates, float[] logits) {
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
            drawn = pairs(candidates, i);
            for (int at = count; at < count + drawn; at++) {
                sum += logits[at];
            }
        }
        double logMean = logScale + StrictMath.log(sum / drawn);
        return 1 / (1 + StrictMath.exp(positive - logMean));
    }

    private static int pairs(Candidates candidates, int i) {
        return candidates.pairStarts()[i + 1] - candidates.pairStarts()[i];
    }

    private static void clear(int i, float[] scores, float[] pairScores, Candidates candidates) {
        int count = candidates.shared();
        Arrays.fill(scores, i * count, (i + 1) * count, 0f);
        Arrays.fill(pairScores, candidates.pairStarts()[i], candidates.pairStarts()[i + 1], 0f);
    }

    private static void addTo(float[] logits, float[] constants) {
        for (int c = 0; c < constants.length; c++) {
            logits[c] += constants[c];
        }
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

    private static void scale(float[] logits, int count, float factor) {
        for (int c = 0; c < count; c++) {
            logits[c] *= factor;
        }
    }
}
