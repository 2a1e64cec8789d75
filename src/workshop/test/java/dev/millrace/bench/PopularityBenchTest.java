package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.bench.PopularityBench.Stream;
import dev.millrace.popularity.PopularitySettings;
import dev.millrace.popularity.PopularitySettings.Estimator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Errors of log p, mostly on streams of 2,000 items by Zipf's law; bounds are a third above what was measured. */
@Tag("slow")
class PopularityBenchTest {

    private static final int BATCHES = 400;
    private static final int SIZE = 256;

    @Test
    void aDecayedCountIsCloserAfterADrift() {
        assertThat(error(Estimator.RUNNING, 1, 0, false)).isLessThan(0.16);
        assertThat(error(Estimator.DECAYED, 40_000, 0, false)).isLessThan(0.28);
        assertThat(error(Estimator.DECAYED, 20_000, 0, true))
                .isLessThan(0.5)
                .isLessThan(error(Estimator.RUNNING, 1, 0, true));
    }

    @Test
    void intervalsSaturateWhereItemsComeSeveralTimesABatch() {
        // Zipf's first items are in every batch of 256: they all have p = 1 / 256
        assertThat(error(Estimator.INTERVALS, 1, 0, false)).isBetween(0.7, 2.0);
    }

    @Test
    void moreHashesBringASketchCloserToTheExactCount() {
        double four = error(Estimator.COUNT_MIN, 40_000, 4, false);

        assertThat(four).isLessThan(error(Estimator.COUNT_MIN, 40_000, 1, false));
        assertThat(four - error(Estimator.DECAYED, 40_000, 0, false)).isLessThan(0.1);
    }

    private static double error(Estimator estimator, double halfLife, int hashes, boolean isSwapped) {
        PopularitySettings settings = new PopularitySettings(estimator, halfLife, 0.01, hashes, 2000);
        return PopularityBench.error(
                settings.estimator('P', SIZE, PopularityBench.catalogue(2000)),
                new Stream(2000, SIZE, BATCHES, isSwapped));
    }
}
