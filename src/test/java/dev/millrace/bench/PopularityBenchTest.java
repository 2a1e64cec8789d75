package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.batch.PopularitySettings;
import dev.millrace.batch.PopularitySettings.Estimator;
import dev.millrace.bench.PopularityBench.Drift;
import dev.millrace.bench.PopularityBench.Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Errors of log p, mostly on streams of 2,000 items by Zipf's law; bounds are a third above what was measured. */
class PopularityBenchTest {

    private static final int BATCHES = 400;
    private static final int SIZE = 256;

    @Test
    void countsAreCloseToTheTruthOfAStreamThatStaysAsItIs() {
        double running = error(Estimator.RUNNING, 1, 0, Drift.NONE);
        double decayed = error(Estimator.DECAYED, 40_000, 0, Drift.NONE);

        assertThat(running).isLessThan(0.16);
        assertThat(decayed).isLessThan(0.28);
    }

    @Test
    void afterADriftTheDecayedCountIsTheCloser() {
        double running = error(Estimator.RUNNING, 1, 0, Drift.SWAP);
        double decayed = error(Estimator.DECAYED, 20_000, 0, Drift.SWAP);

        assertThat(decayed).isLessThan(0.5).isLessThan(running);
    }

    @Test
    void intervalsSaturateWhereItemsComeSeveralTimesABatch() {
        double intervals = error(Estimator.INTERVALS, 1, 0, Drift.NONE);

        // Zipf's first items are in every batch of 256: they all have p = 1 / 256
        assertThat(intervals).isBetween(0.7, 2.0);
    }

    @Test
    void moreHashesBringASketchCloserToTheExactCount() {
        double exact = error(Estimator.DECAYED, 40_000, 0, Drift.NONE);
        double one = error(Estimator.COUNT_MIN, 40_000, 1, Drift.NONE);
        double four = error(Estimator.COUNT_MIN, 40_000, 4, Drift.NONE);

        assertThat(four).isLessThan(one);
        assertThat(four - exact).isLessThan(0.1);
    }

    @Test
    void everyErrorIsTheSameToPeopleAndToPrograms() {
        ToldReport told = new ToldReport();

        PopularityBench.run(told.report(), List.of(4096));

        JsonNode estimates = told.found().path("estimates");
        List<String> expected = new ArrayList<>();
        for (int at = 0; at < estimates.size(); at += 2) { // without drift, then with it
            JsonNode still = estimates.path(at);
            JsonNode swap = estimates.path(at + 1);
            assertThat(List.of(still.path("drift").asText(), swap.path("drift").asText()))
                    .containsExactly("none", "swap");
            assertThat(still.path("batch").asInt()).isEqualTo(4096);
            expected.add(String.format(
                    Locale.ROOT,
                    "%-38s %11.3f  %11.3f ",
                    still.path("estimator").asText(),
                    still.path("logPDeviation").asDouble(),
                    swap.path("logPDeviation").asDouble()));
        }
        assertThat(expected).hasSize(10);
        assertThat(told.lines().skip(2)).isEqualTo(expected);
        assertThat(told.found().path("positives").asInt()).isEqualTo(512_000);
        assertThat(told.reached())
                .hasSize(20 + 1)
                .startsWith("intervals, rate 0.05 0 of 20")
                .endsWith("count-min, 4 x 1000 19 of 20", " 20 of 20");
    }

    private static double error(Estimator estimator, double halfLife, int hashes, Drift drift) {
        PopularitySettings settings = new PopularitySettings(estimator, halfLife, 0.01, hashes, 2000);
        return PopularityBench.error(
                settings.estimator('P', SIZE, id -> id), new Stream(2000, SIZE, BATCHES, drift, 1));
    }
}
