package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.Catalogues;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ItemPopularityTest {

    /** i0 and on, and others, which each test counts anew. */
    private static final Catalogue ITEMS = Catalogues.of(100);

    @Test
    void decayedCountHalvesOverItsHalfLife() {
        ItemPopularity popularity = new ItemPopularity.Decayed('P', 4, ITEMS);
        popularity.observe(numbers("a", "a", "b", "b"));

        popularity.observe(numbers("b", "b", "b", "b"));

        // after four more positives a's two count 1, b's two count 1 and its four new ones 4; epsilon is .1 for each of
        // 2
        assertThat(StrictMath.exp(popularity.logProbability(number("a"), 2))).isCloseTo(1.1 / 6.2, within(1e-12));
        assertThat(StrictMath.exp(popularity.logProbability(number("b"), 2))).isCloseTo(5.1 / 6.2, within(1e-12));
    }

    @Test
    void intervalEstimatorMovesByRateTimesElapsedSteps() {
        ItemPopularity popularity = new ItemPopularity.Intervals('P', 0.5, 1, ITEMS);
        popularity.observe(numbers("a")); // step 1: first sight, the prior of 100 stands
        popularity.observe(numbers("b"));
        popularity.observe(numbers("b"));

        popularity.observe(numbers("a")); // step 4: B = .5 * 100 + .5 * (4 - 1) = 51.5

        assertThat(StrictMath.exp(-popularity.logProbability(number("a"), 10))).isCloseTo(51.5, within(1e-9));
    }

    @Test
    void intervalEstimatorCountsAnItemOnceABatch() {
        ItemPopularity once = new ItemPopularity.Intervals('P', 0.1, 8, ITEMS);
        ItemPopularity often = new ItemPopularity.Intervals('P', 0.1, 8, ITEMS);

        for (int step = 0; step < 50; step++) {
            once.observe(numbers("a"));
            often.observe(numbers(Collections.nCopies(8, "a")));
        }

        assertThat(often.logProbability(number("a"), 1)).isEqualTo(once.logProbability(number("a"), 1));
    }

    @Test
    void intervalEstimatorSaturatesAtOnceABatch() {
        ItemPopularity popularity = new ItemPopularity.Intervals('P', 0.5, 8, ITEMS);

        for (int step = 0; step < 200; step++) {
            popularity.observe(numbers("a"));
        }

        assertThat(StrictMath.exp(popularity.logProbability(number("a"), 1)) * 8)
                .isCloseTo(1, within(1e-9));
    }

    @Test
    void runningCountForgetsNothing() {
        ItemPopularity popularity = ItemPopularity.Decayed.running('P', ITEMS);
        popularity.observe(numbers("a", "a", "b"));

        popularity.observe(numbers(Collections.nCopies(97, "c")));

        // (2 + 1) / (100 + 4 items)
        assertThat(StrictMath.exp(popularity.logProbability(number("a"), 4))).isCloseTo(3.0 / 104, within(1e-12));
    }

    static Stream<Arguments> sketches() {
        return Stream.of(
                arguments(
                        new ItemPopularity.Intervals('P', 0.3, 4, ITEMS),
                        new HashedIntervals('P', 3, 1 << 16, 0.3, 4, ITEMS)),
                arguments(new ItemPopularity.Decayed('P', 30, ITEMS), new CountMin('P', 4, 1 << 16, 30, ITEMS)));
    }

    @ParameterizedTest
    @MethodSource("sketches")
    void aSketchWithRoomEstimatesAsItsEstimatorOfEachItem(ItemPopularity exact, ItemPopularity sketch) {
        for (int step = 0; step < 60; step++) {
            List<String> batch = List.of("always", "always", step % 5 == 0 ? "fifth" : "rest", "n" + step);
            exact.observe(numbers(batch));
            sketch.observe(numbers(batch));
        }

        for (String item : List.of("always", "fifth", "rest", "n7", "never")) {
            assertThat(sketch.logProbability(number(item), 60))
                    .as(item)
                    .isCloseTo(exact.logProbability(number(item), 60), within(1e-9));
        }
    }

    @Test
    void theLargestIntervalOfSharedBucketsCounts() {
        HashedIntervals one = new HashedIntervals('P', 1, 16, 0.3, 1, ITEMS);
        HashedIntervals many = new HashedIntervals('P', 6, 16, 0.3, 1, ITEMS);

        for (int step = 0; step < 2000; step++) {
            List<String> batch = List.of("i" + step % 40); // each of 40 items every 40 steps, in 16 buckets
            one.observe(numbers(batch));
            many.observe(numbers(batch));
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
            sum -= popularity.logProbability(number("i" + item), 40) / 40;
        }
        return sum;
    }

    @Test
    void bucketThatTwoItemsOfABatchFallIntoIsUpdatedOnce() {
        HashedIntervals alone = new HashedIntervals('P', 1, 1, 0.5, 1, ITEMS);
        HashedIntervals together = new HashedIntervals('P', 1, 1, 0.5, 1, ITEMS);

        for (int step = 0; step < 5; step++) {
            alone.observe(numbers("a"));
            together.observe(numbers("a", "b", "c")); // one bucket: the second and third would find an interval of 0
        }

        assertThat(together.logProbability(number("a"), 3)).isEqualTo(alone.logProbability(number("a"), 3));
    }

    @Test
    void countMinIsNeverBelowTheCountHoweverSmallItIs() {
        ItemPopularity exact = new ItemPopularity.Decayed('P', 200, ITEMS);
        ItemPopularity sketch = new CountMin('P', 2, 16, 200, ITEMS);

        for (int step = 0; step < 300; step++) {
            List<String> batch = List.of("i" + step * step % 97, "i" + step % 31);
            exact.observe(numbers(batch));
            sketch.observe(numbers(batch));
        }

        for (int item = 0; item < 97; item++) {
            assertThat(sketch.logProbability(number("i" + item), 97))
                    .isGreaterThanOrEqualTo(exact.logProbability(number("i" + item), 97) - 1e-9);
        }
    }

    private static int[] numbers(String... items) {
        return numbers(List.of(items));
    }

    private static int[] numbers(List<String> items) {
        return items.stream().mapToInt(ItemPopularityTest::number).toArray();
    }

    private static int number(String item) {
        return Catalogues.list(ITEMS, item);
    }
}
