package dev.millrace.model.loss;

import dev.millrace.model.engine.Team;

/**
 * Hinge on differences of cosines (Huang et al. 2020, EBR): {@code L = (1/B) Σ_i w_i mean_n max(0, margin − s_p + s_n)}, the
 * mean over the negatives with a positive hinge. Each item is one negative, however many columns it has. There is no
 * sampling correction. One thread.
 */
final class TripletLoss extends ScoreLoss {

    private final float margin;

    /** @param team shares the examples */
    TripletLoss(double margin, Team team) {
        super(team);
        this.margin = (float) margin;
    }

    @Override
    double example(int i, Step step, Bench bench) {
        float[] scores = step.scores();
        float[] pairScores = step.pairScores();
        Candidates candidates = step.candidates();
        float weight = step.weights()[i];
        int examples = step.examples();
        int count = candidates.shared();
        float[] row = bench.row;
        System.arraycopy(scores, i * count, row, 0, count);
        int y = candidates.positive()[i];
        int firstPair = step.firstPair(i);
        int lastPair = step.firstPair(i + 1);
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
