package dev.millrace.model.loss;

import dev.millrace.model.engine.Team;
import dev.millrace.model.network.Scratch;

/**
 * Hinge on differences of cosines (Huang et al. 2020, EBR): {@code L = (1/B) Σ_i w_i mean_n max(0, margin − s_p + s_n)}, the
 * mean over the negatives with a positive hinge. Each item is one negative, however many columns it has. There is no
 * sampling correction. One thread.
 */
final class TripletLoss implements ScoreLoss {

    private final float margin;
    private final Team team;
    private final Bench[] benches;

    /** @param team shares the examples */
    TripletLoss(double margin, Team team) {
        this.margin = (float) margin;
        this.team = team;
        this.benches = Bench.of(team);
    }

    @Override
    public void toGradient(
            float[] scores, float[] pairScores, Candidates candidates, float[] weights, double[] losses) {
        int examples = weights.length;
        int count = candidates.shared();
        team.share(examples, WORTH_A_THREAD, (from, to, member) -> {
            Bench bench = benches[member];
            bench.row = Scratch.atLeast(bench.row, count);
            for (int i = from; i < to; i++) {
                losses[i] = example(i, scores, pairScores, candidates, weights[i], examples, bench);
            }
        });
    }

    /** Returns the loss of one example, and replaces its scores by their gradients. */
    private double example(
            int i, float[] scores, float[] pairScores, Candidates candidates, float weight, int examples, Bench bench) {
        int count = candidates.shared();
        float[] row = bench.row;
        System.arraycopy(scores, i * count, row, 0, count);
        int y = candidates.positive()[i];
        int firstPair = candidates.pairStarts()[i];
        int lastPair = candidates.pairStarts()[i + 1];
        float[] constants = bench.negatives.constants(candidates, i, row);
        float gap = margin - row[y];
        double sum = 0;
        int open = 0;
        for (int c = 0; c < count; c++) {
            boolean isNegative = c != y && constants[c] != Float.NEGATIVE_INFINITY;
            float hinge = isNegative ? gap + row[c] : 0f;
            boolean isOpen = !(hinge <= 0); // NaN counts as open: the step is then refused
            sum += isOpen ? hinge : 0;
            open += isOpen ? 1 : 0;
            row[c] = isOpen ? 1f : 0f;
        }
        for (int pair = firstPair; pair < lastPair; pair++) {
            float hinge = gap + pairScores[pair];
            boolean isOpen = !(hinge <= 0);
            sum += isOpen ? hinge : 0;
            open += isOpen ? 1 : 0;
            pairScores[pair] = isOpen ? 1f : 0f;
        }
        float each = open == 0 ? 0f : weight / examples / open;
        for (int c = 0; c < count; c++) {
            scores[i * count + c] = each * row[c];
        }
        scores[i * count + y] = open == 0 ? 0f : -weight / examples;
        for (int pair = firstPair; pair < lastPair; pair++) {
            pairScores[pair] *= each;
        }
        return open == 0 ? 0 : sum / open;
    }
}
