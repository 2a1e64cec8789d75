package dev.millrace.model.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.Differences;
import dev.millrace.model.Scenes;
import dev.millrace.model.TwoTowerReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HistorySharesTest {

    private static final int DIM = 4;

    @Test
    void recencyHalvesFromPlaceToPlace() {
        float[] shares = new float[3];

        HistoryShares.byRecency(0.5, 3, shares, 0);

        // 1, 1/2, 1/4 of 7/4
        assertThat(shares).containsExactly(new float[] {4 / 7f, 2 / 7f, 1 / 7f}, within(1e-7f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void attentionsGradientAgreesWithFiniteDifferences(int count) {
        float[] rows = Scenes.numbers(count * DIM, 1);
        float[] gradient = Scenes.numbers(DIM, 2);
        float[] shares = new float[count];
        float[] rowGradients = new float[count * DIM];

        HistoryShares.byAttention(rows, count, DIM, shares);
        HistoryShares.attentionBack(rows, count, DIM, shares, gradient, 0, rowGradients);

        double[] exact = TwoTowerReference.doubles(new float[][] {rows})[0];
        for (int at = 0; at < exact.length; at++) {
            double expected = Differences.of(exact, at, 1e-6, () -> along(exact, count, gradient));
            assertThat((double) rowGradients[at]).isCloseTo(expected, within(1e-5));
        }
    }

    /** The inner product of the pooled row and the gradient, in double precision. */
    private static double along(double[] rows, int count, float[] gradient) {
        double sum = 0;
        double total = 0;
        for (int j = 0; j < count; j++) {
            double likeness = 0;
            double share = 0;
            for (int d = 0; d < DIM; d++) {
                likeness += rows[d] * rows[j * DIM + d];
                share += gradient[d] * rows[j * DIM + d];
            }
            double weight = Math.exp(likeness / Math.sqrt(DIM));
            sum += weight * share;
            total += weight;
        }
        return sum / total;
    }
}
