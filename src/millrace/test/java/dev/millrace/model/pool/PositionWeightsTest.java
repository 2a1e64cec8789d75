package dev.millrace.model.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.Pooling;
import dev.millrace.feature.TextGrams;
import org.junit.jupiter.api.Test;

class PositionWeightsTest {

    @Test
    void theyBeginAsPoolingByRecency() {
        PositionWeights weights = begun(0.5, 5);
        float[] learned = new float[4];
        float[] recent = new float[4];

        weights.share(3, learned, 1);
        HistoryShares.byRecency(0.5, 3, recent, 1);

        assertThat(learned).containsExactly(recent, within(1e-7f));
        assertThat(weights.relative())
                .usingElementComparator(PositionWeightsTest::compare)
                .containsExactly(1.0, 0.5, 0.25, 0.125, 0.0625);
    }

    @Test
    void changedLogitsCountFromTheNextRefreshOn() {
        PositionWeights weights = begun(1, 2);
        float[] before = new float[2];
        float[] after = new float[2];

        weights.logits()[1] = (float) Math.log(3);
        weights.share(2, before, 0);
        weights.refresh();
        weights.share(2, after, 0);

        assertThat(before).containsExactly(0.5f, 0.5f);
        // 1 and 3 of 4
        assertThat(after).containsExactly(new float[] {0.25f, 0.75f}, within(1e-7f));
    }

    @Test
    void theGradientAgreesWithFiniteDifferences() {
        PositionWeights weights = begun(0.8, 4);
        // histories of 3, 0, 1 and 4 rows
        int[] starts = {0, 3, 3, 4, 8};
        float[] products = {0.3f, -1.2f, 0.7f, 2f, 0.1f, 0.9f, -0.4f, 1.5f};
        float[] shares = new float[8];

        double sum = pooled(weights, starts, products, shares);
        weights.backward(products, shares, starts, 4);

        float[] gradients = weights.gradients().clone();
        assertThat(sum).isFinite();
        for (int j = 0; j < 4; j++) {
            float logit = weights.logits()[j];
            weights.logits()[j] = logit + 1e-2f;
            double above = pooled(weights, starts, products, new float[8]);
            weights.logits()[j] = logit - 1e-2f;
            double below = pooled(weights, starts, products, new float[8]);
            weights.logits()[j] = logit;
            assertThat((double) gradients[j]).isCloseTo((above - below) / 2e-2, within(1e-4));
        }
    }

    /** The sum over the histories of the inner products of their pooled rows with the gradients. */
    private static double pooled(PositionWeights weights, int[] starts, float[] products, float[] shares) {
        weights.refresh();
        double sum = 0;
        for (int i = 0; i + 1 < starts.length; i++) {
            weights.share(starts[i + 1] - starts[i], shares, starts[i]);
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                sum += (double) shares[at] * products[at];
            }
        }
        return sum;
    }

    private static int compare(double left, double right) {
        return Math.abs(left - right) < 1e-6 ? 0 : Double.compare(left, right);
    }

    private static PositionWeights begun(double decay, int places) {
        return PositionWeights.of(new FeatureSpec(
                        "history",
                        FeatureSpec.Source.HISTORY,
                        FeatureSpec.Kind.BAG,
                        "item",
                        8,
                        places,
                        new Pooling(Pooling.Kind.POSITIONS, decay),
                        TextGrams.NONE))
                .orElseThrow();
    }
}
