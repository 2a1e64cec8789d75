package dev.millrace.model;

/**
 * The sampled softmax loss over the candidates of a step (Yi et al. 2019; Yang et al. 2020). One thread.
 *
 * <p>{@code l_ic = s_ic + constant}, {@code L = −(1/B) Σ_i w_i log softmax(l_i)_y}, {@code dL/ds_ic = w_i/B (P_ic − [c = y])}.
 */
final class InBatchSoftmax {

    /** One example's logits at a time, read from their beginning: see {@link Exponential}. */
    private float[] logits = new float[0];

    private float[] scratch = new float[0];

    /**
     * Loss, and its gradient in place of the scores.
     *
     * @param scores [examples, items] cosines already divided by the temperature; replaced by dL/dscores
     * @param candidates their constants, so that correction comes after the temperature
     * @param weights [examples] of the examples
     * @return mean loss
     */
    double toGradient(float[] scores, Candidates candidates, float[] weights) {
        int examples = weights.length;
        int count = candidates.others().length;
        if (logits.length < count) {
            logits = new float[count];
            scratch = new float[count];
        }
        float[] l = logits;
        double loss = 0;
        for (int i = 0; i < examples; i++) {
            int y = candidates.positive()[i];
            System.arraycopy(scores, i * count, l, 0, count);
            float own = l[y] + candidates.own()[i];
            addTo(l, candidates.others());
            l[y] = own;
            setHits(l, y, candidates.nextOfItem(), Float.NEGATIVE_INFINITY);
            float max = max(l, count);
            float sum = Exponential.replace(l, count, max, scratch);
            setHits(l, y, candidates.nextOfItem(), 0f);
            loss += weights[i] * (StrictMath.log(sum) - (own - max));
            float factor = weights[i] / examples;
            scale(l, count, factor / sum);
            l[y] -= factor;
            System.arraycopy(l, 0, scores, i * count, count);
        }
        return loss / examples;
    }

    private static void addTo(float[] logits, float[] constants) {
        for (int c = 0; c < constants.length; c++) {
            logits[c] += constants[c];
        }
    }

    /** Accidental hits: other candidates of the example's own item are no negatives. */
    private static void setHits(float[] logits, int positive, int[] nextOfItem, float value) {
        for (int c = nextOfItem[positive]; c != positive; c = nextOfItem[c]) {
            logits[c] = value;
        }
    }

    /** The largest of them; not Math.max, whose care for −0 and NaN costs more than the exponential. */
    private static float max(float[] logits, int count) {
        float m0 = logits[0];
        float m1 = m0;
        float m2 = m0;
        float m3 = m0;
        int c = 0;
        for (; c + 4 <= count; c += 4) {
            m0 = logits[c] > m0 ? logits[c] : m0;
            m1 = logits[c + 1] > m1 ? logits[c + 1] : m1;
            m2 = logits[c + 2] > m2 ? logits[c + 2] : m2;
            m3 = logits[c + 3] > m3 ? logits[c + 3] : m3;
        }
        for (; c < count; c++) {
            m0 = logits[c] > m0 ? logits[c] : m0;
        }
        m0 = m1 > m0 ? m1 : m0;
        m2 = m3 > m2 ? m3 : m2;
        return m2 > m0 ? m2 : m0;
    }

    private static void scale(float[] logits, int count, float factor) {
        for (int c = 0; c < count; c++) {
            logits[c] *= factor;
        }
    }
}
