package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ItemPopularityTest {

    @Test
    void decayedCountHalvesOverItsHalfLife() {
        ItemPopularity popularity = new ItemPopularity.Decayed('P', 4, id -> id);
        popularity.observe(List.of("a", "a", "b", "b"));

        popularity.observe(List.of("b", "b", "b", "b"));

        // after four more positives a's two count 1, b's two count 1 and its four new ones 4; epsilon is .1 for each of
        // 2
        assertThat(StrictMath.exp(popularity.logProbability("a", 2))).isCloseTo(1.1 / 6.2, within(1e-12));
        assertThat(StrictMath.exp(popularity.logProbability("b", 2))).isCloseTo(5.1 / 6.2, within(1e-12));
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

    @Test
    void runningCountForgetsNothing() {
        ItemPopularity popularity = ItemPopularity.Decayed.running('P', id -> id);
        popularity.observe(List.of("a", "a", "b"));

        popularity.observe(Collections.nCopies(97, "c"));

        // (2 + 1) / (100 + 4 items)
        assertThat(StrictMath.exp(popularity.logProbability("a", 4))).isCloseTo(3.0 / 104, within(1e-12));
    }

    static Stream<Arguments> sketches() {
        return Stream.of(
                arguments(new ItemPopularity.Intervals('P', 0.3, 4), new HashedIntervals('P', 3, 1 << 16, 0.3, 4)),
                arguments(new ItemPopularity.Decayed('P', 30, id -> id), new CountMin('P', 4, 1 << 16, 30)));
    }

    @ParameterizedTest
    @MethodSource("sketches")
    void aSketchWithRoomEstimatesAsItsEstimatorOfEachItem(ItemPopularity exact, ItemPopularity sketch) {
        for (int step = 0; step < 60; step++) {
            List<String> batch = List.of("always", "always", step % 5 == 0 ? "fifth" : "rest", "n" + step);
            exact.observe(batch);
            sketch.observe(batch);
        }

        for (String item : List.of("always", "fifth", "rest", "n7", "never")) {
            assertThat(sketch.logProbability(item, 60))
                    .as(item)
                    .isCloseTo(exact.logProbability(item, 60), within(1e-9));
        }
    }

    @Test
    void itemsThatShareABucketShortenItsIntervalAndTheLargestCounts() {
        HashedIntervals one = new HashedIntervals('P', 1, 16, 0.3, 1);
        HashedIntervals many = new HashedIntervals('P', 6, 16, 0.3, 1);

        for (int step = 0; step < 2000; step++) {
            List<String> batch = List.of("i" + step % 40); // each of 40 items every 40 steps, in 16 buckets
            one.observe(batch);
            many.observe(batch);
        }

        // the mean of log intervals: nearer to 40 with more hashes, and never more
        double oneLog = meanLogInterval(one);
        double manyLog = meanLogInterval(many);
        assertThat(oneLog).isLessThan(manyLog);
        assertThat(manyLog).isLessThan(Math.log(60));
    }

    private static double meanLogInterval(ItemPopularity popularity) {
        double sum = 0;
        for (int item = 0; item < 40; item++) {
            sum -= popularity.logProbability("i" + item, 40) / 40;
        }
        return sum;
    }

    @Test
    void bucketThatTwoItemsOfABatchFallIntoIsUpdatedOnce() {
        HashedIntervals alone = new HashedIntervals('P', 1, 1, 0.5, 1);
        HashedIntervals together = new HashedIntervals('P', 1, 1, 0.5, 1);

        for (int step = 0; step < 5; step++) {
            alone.observe(List.of("a"));
            together.observe(List.of("a", "b", "c")); // one bucket: the second and third would find an interval of 0
        }

        assertThat(together.logProbability("a", 3)).isEqualTo(alone.logProbability("a", 3));
    }

    @Test
    void countMinIsNeverBelowTheCountHoweverSmallItIs() {
        ItemPopularity exact = new ItemPopularity.Decayed('P', 200, id -> id);
        ItemPopularity sketch = new CountMin('P', 2, 16, 200);

        for (int step = 0; step < 300; step++) {
            List<String> batch = List.of("i" + step * step % 97, "i" + step % 31);
            exact.observe(batch);
            sketch.observe(batch);
        }

        for (int item = 0; item < 97; item++) {
            assertThat(sketch.logProbability("i" + item, 97))
                    .isGreaterThanOrEqualTo(exact.logProbability("i" + item, 97) - 1e-9);
        }
    }
}
