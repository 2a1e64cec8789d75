package dev.millrace.index;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998): one after the other it chooses the candidate with the largest
 * {@code λ score − (1 − λ) max cos}, the maximum over the items chosen before; first the one with the best score. Of equals, the one with the better score.
 *
 * <p>What a candidate is worth only falls, so it is computed anew only if it was more than the best found so far (after Minoux 1978): the choice is that of all being computed each time.
 * One thread, once.
 */
final class MarginalRelevance {

    private static final int MOST = 1_000;

    private final double lambda;
    private final Function<String, float[]> vectors;
    private final List<float[]> chosen = new ArrayList<>();

    /**
     * @param lambda λ, in [0, 1]
     * @param vectors by item, [dim] of any length
     */
    MarginalRelevance(double lambda, Function<String, float[]> vectors) {
        this.lambda = lambda;
        this.vectors = vectors;
    }

    /** How many of the best to choose from, for an answer of k items. */
    static int candidates(int k) {
        return Math.max(k, Math.min(10 * k, MOST));
    }

    /** Takes an item as chosen. */
    void take(String item) {
        chosen.add(unit(vectors.apply(item)));
    }

    /** The item's largest cosine to those chosen so far; 0 before the first. */
    float nearest(String item) {
        Candidate candidate = new Candidate(new ScoredItem(item, 0), unit(vectors.apply(item)));
        candidate.follow();
        return chosen.isEmpty() ? 0 : candidate.nearest;
    }

    /**
     * Chooses as many as are wanted, or all.
     *
     * @param candidates best first
     * @return in the order in which they are chosen
     */
    List<ScoredItem> choose(List<ScoredItem> candidates, int wanted) {
        List<Candidate> left = new ArrayList<>();
        for (ScoredItem item : candidates) {
            left.add(new Candidate(item, unit(vectors.apply(item.item()))));
        }
        List<ScoredItem> found = new ArrayList<>();
        while (found.size() < wanted && !left.isEmpty()) {
            Candidate next = left.remove(chosen.isEmpty() ? 0 : bestOf(left));
            found.add(next.item);
            chosen.add(next.vector);
        }
        return found;
    }

    /** Place of the candidate that is worth most; of equals, the first. */
    private int bestOf(List<Candidate> candidates) {
        int best = 0;
        for (int at = 0; at < candidates.size(); at++) {
            Candidate candidate = candidates.get(at);
            if (at == 0 || candidate.worth > candidates.get(best).worth) {
                candidate.follow();
                best = candidate.worth > candidates.get(best).worth ? at : best;
            }
        }
        return best;
    }

    private static float[] unit(float[] vector) {
        double length = Math.sqrt(InnerProduct.of(vector, 0, vector, 0, vector.length));
        float[] unit = new float[vector.length];
        for (int d = 0; d < vector.length && length > 0; d++) {
            unit[d] = (float) (vector[d] / length);
        }
        return unit;
    }

    /** An item that may be chosen, and what it is worth beside the first ones chosen. */
    private final class Candidate {

        private final ScoredItem item;
        private final float[] vector;
        private int seen;
        private float nearest = Float.NEGATIVE_INFINITY;
        private double worth = Double.POSITIVE_INFINITY;

        Candidate(ScoredItem item, float[] vector) {
            this.item = item;
            this.vector = vector;
        }

        /** Compares it with the items chosen since. */
        void follow() {
            while (seen < chosen.size()) {
                nearest = Math.max(nearest, InnerProduct.of(vector, 0, chosen.get(seen++), 0, vector.length));
            }
            worth = lambda * item.score() - (1 - lambda) * nearest;
        }
    }
}
