package dev.millrace.model.loss;

import dev.millrace.model.engine.Team;
import dev.millrace.state.CounterRandom;
import java.util.Arrays;

/**
 * Binary cross-entropy of each pair by itself: {@code L = −(1/B) Σ_i w_i (log σ(z_p) + Σ_n log σ(−z_n))}. One thread.
 *
 * <p>{@code z = s − log (N Q)} is the log-odds correction (Monolith, Liu et al. 2022; Mnih and Teh 2012). An item that is
 * drawn more often than by chance is more often a negative. The training logit carries this, so that the score does not. The
 * part that is equal for all items, log (n/N), is left out, because a cosine has no bias to learn it. Without correction
 * {@code z = s}.
 *
 * <p>Negatives are drawn uniformly from the columns of the candidates. If all candidates count instead, their weights are
 * proportional to {@code e^k} and add up to 1. This estimates the mean over the catalogue, as uniform negatives would, so
 * {@code z = s} then.
 */
final class PointwiseLoss extends ScoreLoss {

    private static final int DRAWS = 18; // random stream; smaller numbers are the batcher's and the hard negatives'
    private static final int TRIES = 16;

    private final int negatives;

    /**
     * @param negatives number for each example; 0 for all
     * @param team shares the examples
     */
    PointwiseLoss(int negatives, Team team) {
        super(team);
        this.negatives = negatives;
    }

    @Override
    double example(int i, Step step, Bench bench) {
        float[] pairScores = step.pairScores();
        Candidates candidates = step.candidates();
        float factor = step.weights()[i] / step.examples();
        int count = candidates.shared();
        float[] row = bench.row;
        float[] gradients = bench.scratch;
        System.arraycopy(step.scores(), i * count, row, 0, count);
        Arrays.fill(gradients, 0, count, 0f);
        float[] logOdds = candidates.columns().logOdds();
        int y = candidates.positive()[i];
        float[] constants = bench.negatives.constants(candidates, i, row);
        double own = negatives == 0 ? 0 : logOdds[y];
        double z = row[y] + own;
        double sum = softplus(-z);
        gradients[y] = (float) (-factor * sigmoid(-z));
        sum += negatives == 0
                ? all(y, constants, factor, count, bench)
                : drawn(i, y, constants, candidates.columns(), factor, bench);
        for (int pair = step.firstPair(i); pair < step.firstPair(i + 1); pair++) {
            double hard = pairScores[pair] + own;
            sum += softplus(hard);
            pairScores[pair] = (float) (factor * sigmoid(hard));
        }
        System.arraycopy(gradients, 0, step.scores(), i * count, count);
        return sum;
    }

    private double drawn(int i, int y, float[] constants, Candidates.Columns columns, float factor, Bench bench) {
        float[] logOdds = columns.logOdds();
        double sum = 0;
        int count = columns.candidate().length;
        for (int draw = 0; draw < negatives && count > 0; draw++) {
            long slot = ((long) i * negatives + draw) * TRIES;
            for (int attempt = 0; attempt < TRIES; attempt++) {
                int c = columns.candidate()[CounterRandom.below(count, columns.seed(), DRAWS, slot + attempt)];
                if (c != y && constants[c] != Float.NEGATIVE_INFINITY) {
                    double z = bench.row[c] + logOdds[c];
                    sum += softplus(z);
                    bench.scratch[c] += (float) (factor * sigmoid(z));
                    break;
                }
            }
        }
        return sum;
    }

    private static double all(int y, float[] constants, float factor, int count, Bench bench) {
        float max = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < count; c++) {
            max = c != y && constants[c] > max ? constants[c] : max;
        }
        double total = 0;
        for (int c = 0; c < count; c++) {
            total += weight(c, y, constants, max);
        }
        double sum = 0;
        for (int c = 0; c < count && total > 0; c++) {
            double weight = weight(c, y, constants, max) / total;
            if (weight > 0) {
                sum += weight * softplus(bench.row[c]);
                bench.scratch[c] += (float) (factor * weight * sigmoid(bench.row[c]));
            }
        }
        return sum;
    }

    private static double weight(int c, int y, float[] constants, float max) {
        return c == y || constants[c] == Float.NEGATIVE_INFINITY ? 0 : StrictMath.exp(constants[c] - max);
    }

    /** log (1 + e^z), without overflow. */
    static double softplus(double z) {
        return Math.max(z, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(z)));
    }

    /** 1 / (1 + e^−z). */
    static double sigmoid(double z) {
        return 1 / (1 + StrictMath.exp(-z));
    }
}
