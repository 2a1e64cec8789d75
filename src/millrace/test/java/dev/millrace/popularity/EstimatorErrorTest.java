package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.catalogue.Catalogues;
import dev.millrace.popularity.PopularitySettings.Estimator;
import dev.millrace.state.CounterRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Errors of log p on streams of 2,000 items by Zipf's law; bounds are a third above what was measured. */
@Tag("slow")
class EstimatorErrorTest {

    private static final int ITEMS = 2_000;
    private static final int BATCHES = 400;
    private static final int SIZE = 256;
    private static final long SEED = 1;

    @Test
    void aDecayedCountIsCloserAfterADrift() {
        assertThat(error(Estimator.RUNNING, 1, 0, false)).isLessThan(0.16);
        assertThat(error(Estimator.DECAYED, 40_000, 0, false)).isLessThan(0.28);
        assertThat(error(Estimator.DECAYED, 20_000, 0, true))
                .isLessThan(0.5)
                .isLessThan(error(Estimator.RUNNING, 1, 0, true));
    }

    @Test
    void intervalsSaturateWhereBatchesRepeatItems() {
        // Zipf's first items are in every batch of 256: they all have p = 1 / 256
        assertThat(error(Estimator.INTERVALS, 1, 0, false)).isBetween(0.7, 2.0);
    }

    @Test
    void moreHashesBringASketchCloserToTheCount() {
        double four = error(Estimator.COUNT_MIN, 40_000, 4, false);

        assertThat(four).isLessThan(error(Estimator.COUNT_MIN, 40_000, 1, false));
        assertThat(four - error(Estimator.DECAYED, 40_000, 0, false)).isLessThan(0.1);
    }

    /**
     * Feeds a stream to an estimator.
     *
     * @param isSwapped whether the items swap their frequencies at half time
     * @return standard deviation of the error of its log p at the end, weighted by the frequencies; a softmax does not see the mean
     */
    private static double error(Estimator estimator, double halfLife, int hashes, boolean isSwapped) {
        ItemPopularity popularity = new PopularitySettings(estimator, halfLife, 0.01, hashes, ITEMS)
                .estimator('P', SIZE, Catalogues.of(ITEMS));
        double[] below = new double[ITEMS];
        double total = 0;
        for (int rank = 0; rank < ITEMS; rank++) {
            total += 1.0 / (rank + 1);
            below[rank] = total;
        }
        for (int batch = 0; batch < BATCHES; batch++) {
            int[] positives = new int[SIZE];
            for (int at = 0; at < SIZE; at++) {
                int found = Arrays.binarySearch(below, CounterRandom.unit(SEED, batch, at) * total);
                positives[at] = item(found < 0 ? -1 - found : found, isSwapped && batch >= BATCHES / 2);
            }
            popularity.observe(positives);
        }
        double mean = 0;
        double squares = 0;
        for (int rank = 0; rank < ITEMS; rank++) {
            double frequency = 1.0 / (rank + 1) / total;
            double error = popularity.logProbability(item(rank, isSwapped), ITEMS) - StrictMath.log(frequency);
            mean += frequency * error;
            squares += frequency * error * error;
        }
        return StrictMath.sqrt(squares - mean * mean);
    }

    /** The item of a rank; after the swap, of the rank that is farthest away. */
    private static int item(int rank, boolean isSwapped) {
        return isSwapped ? (rank + ITEMS / 2) % ITEMS : rank;
    }
}
