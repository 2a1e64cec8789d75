package dev.millrace.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ItemPopularityTest {

    @Test
    void decayedCountHalvesOverItsHalfLife() {
        ItemPopularity popularity = new ItemPopularity.Decayed('P', 4);
        popularity.observe(List.of("a", "a", "b", "b"));

        popularity.observe(List.of("b", "b", "b", "b"));

        // after four more positives a's two count 1, b's two count 1 and its four new ones 4; epsilon is .1 for each of
        // 2
        assertThat(StrictMath.exp(popularity.logProbability("a", 2))).isCloseTo(1.1 / 6.2, within(1e-12));
        assertThat(StrictMath.exp(popularity.logProbability("b", 2))).isCloseTo(5.1 / 6.2, within(1e-12));
    }

    @Test
    void probabilitiesOfTheCatalogueSumToOne() {
        ItemPopularity popularity = new ItemPopularity.Decayed('P', 100);
        popularity.observe(List.of("a", "b", "b"));
        popularity.observe(List.of("c"));

        double sum = List.of("a", "b", "c", "unseen").stream()
                .mapToDouble(item -> StrictMath.exp(popularity.logProbability(item, 4)))
                .sum();

        assertThat(sum).isCloseTo(1, within(1e-12));
    }

    @Test
    void intervalEstimatorMovesByRateTimesElapsedSteps() {
        ItemPopularity popularity = new ItemPopularity.Intervals('P', 0.5, 1);
        popularity.observe(List.of("a")); // step 1: first sight, the prior of 100 stands
        popularity.observe(List.of("b"));
        popularity.observe(List.of("b"));

        popularity.observe(List.of("a")); // step 4: B = .5 * 100 + .5 * (4 - 1) = 51.5

        assertThat(StrictMath.exp(-popularity.logProbability("a", 10))).isCloseTo(51.5, within(1e-9));
    }

    @Test
    void intervalEstimatorCountsAnItemOnceABatch() {
        ItemPopularity once = new ItemPopularity.Intervals('P', 0.1, 8);
        ItemPopularity often = new ItemPopularity.Intervals('P', 0.1, 8);

        for (int step = 0; step < 50; step++) {
            once.observe(List.of("a"));
            often.observe(Collections.nCopies(8, "a"));
        }

        assertThat(often.logProbability("a", 1)).isEqualTo(once.logProbability("a", 1));
    }

    @Test
    void intervalEstimatorSaturatesAtOnceABatch() {
        ItemPopularity popularity = new ItemPopularity.Intervals('P', 0.5, 8);

        for (int step = 0; step < 200; step++) {
            popularity.observe(List.of("a"));
        }

        assertThat(StrictMath.exp(popularity.logProbability("a", 1)) * 8).isCloseTo(1, within(1e-9));
    }
}
