package dev.millrace.model;

/**
 * The sampled softmax loss over the candidates of a step (Yi et al. 2019; Yang et al. 2020).
 *
 * <p>{@code l_ic = s_ic + constant}, {@code L = −(1/B) Σ_i w_i log softmax(l_i)_y}, {@code dL/ds_ic = w_i/B (P_ic − [c = y])}.
 */
final class InBatchSoftmax {

    private InBatchSoftmax() {}

    /**
     * Loss, and its gradient in place of the scores.
     *
     * @param scores [examples, items] cosines already divided by the temperature; replaced by dL/dscores
     * @param candidates their constants, so that correction comes after the temperature
     * @param weights [examples] of the examples
     * @return mean loss
     */
    static double toGradient(float[] scores, Candidates candidates, float[] weights) {
        int examples = weights.length;
        int count = candidates.others().length;
        double loss = 0;
        for (int i = 0; i < examples; i++) {
            int at = i * count;
            int positive = at + candidates.positive()[i];
            float own = scores[positive] + candidates.own()[i];
            addTo(scores, at, candidates.others());
            scores[positive] = own;
            maskAccidentalHits(scores, at, candidates.positive()[i], candidates.nextOfItem());
            float max = max(scores, at, count);
            float sum = exponentials(scores, at, count, max);
            loss += weights[i] * (StrictMath.log(sum) - (own - max));
            float factor = weights[i] / examples;
            scale(scores, at, count, factor / sum);
            scores[positive] -= factor;
        }
        return loss / examples;
    }

    /** Other candidates of the example's own item are no negatives. */
    private static void maskAccidentalHits(float[] scores, int at, int positive, int[] nextOfItem) {
        for (int c = nextOfItem[positive]; c != positive; c = nextOfItem[c]) {
            scores[at + c] = Float.NEGATIVE_INFINITY;
        }
    }

    private static void addTo(float[] scores, int at, float[] constants) {
        for (int c = 0; c < constants.length; c++) {
            scores[at + c] += constants[c];
        }
    }

    /** The largest score; not Math.max, whose care for −0 and NaN costs more than the exponential. */
    private static float max(float[] scores, int at, int count) {
        float m0 = scores[at];
        float m1 = m0;
        float m2 = m0;
        float m3 = m0;
        int c = at;
        int end = at + count;
        for (; c + 4 <= end; c += 4) {
            m0 = scores[c] > m0 ? scores[c] : m0;
            m1 = scores[c + 1] > m1 ? scores[c + 1] : m1;
            m2 = scores[c + 2] > m2 ? scores[c + 2] : m2;
            m3 = scores[c + 3] > m3 ? scores[c + 3] : m3;
        }
        for (; c < end; c++) {
            m0 = scores[c] > m0 ? scores[c] : m0;
        }
        m0 = m1 > m0 ? m1 : m0;
        m2 = m3 > m2 ? m3 : m2;
        return m2 > m0 ? m2 : m0;
    }

    /** Replaces scores by e^(score − max) and adds them up, in four sums of fixed membership. */
    private static float exponentials(float[] scores, int at, int count, float max) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int c = at;
        int end = at + count;
        for (; c + 4 <= end; c += 4) {
            float e0 = Exponential.of(scores[c] - max);
            float e1 = Exponential.of(scores[c + 1] - max);
            float e2 = Exponential.of(scores[c + 2] - max);
            float e3 = Exponential.of(scores[c + 3] - max);
            scores[c] = e0;
            scores[c + 1] = e1;
            scores[c + 2] = e2;
            scores[c + 3] = e3;
            s0 += e0;
            s1 += e1;
            s2 += e2;
            s3 += e3;
        }
        for (; c < end; c++) {
            float e = Exponential.of(scores[c] - max);
            scores[c] = e;
            s0 += e;
        }
        return (s0 + s1) + (s2 + s3);
    }

    private static void scale(float[] scores, int at, int count, float factor) {
        for (int c = 0; c < count; c++) {
            scores[at + c] *= factor;
        }
    }
}
