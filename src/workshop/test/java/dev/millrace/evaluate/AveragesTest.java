package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AveragesTest {

    private final Averages averages = new Averages();

    @Test
    void eachMeasureCountsTheEventsWithinItsCutoffOnly() {
        averages.addPlace(1);
        averages.addPlace(3);
        averages.addPlace(10.5);
        averages.addPlace(Averages.NOT_FOUND);

        assertThat(averages.count()).isEqualTo(4);
        // 1 and 3 are within 10; 10.5 is within 20 too
        assertThat(averages.mean("R@10")).isEqualTo(2 / 4.0);
        assertThat(averages.mean("R@20")).isEqualTo(3 / 4.0);
        assertThat(averages.mean("MRR@10")).isCloseTo((1 + 1 / 3.0) / 4, within(1e-12));
        assertThat(averages.mean("MRR@20")).isCloseTo((1 + 1 / 3.0 + 1 / 10.5) / 4, within(1e-12));
        // 1 / log2(1 + 1) and 1 / log2(3 + 1)
        assertThat(averages.mean("NDCG@10")).isCloseTo((1 + 0.5) / 4, within(1e-12));
    }

    @Test
    void theStandardErrorIsThatOfAMean() {
        for (double place : new double[] {1, 2, Averages.NOT_FOUND, Averages.NOT_FOUND}) {
            averages.addPlace(place);
        }

        // of a share p of n events: √(p (1 − p) / n)
        assertThat(averages.standardError("R@10")).isCloseTo(Math.sqrt(0.5 * 0.5 / 4), within(1e-12));
        // 1, 1/2, 0, 0: mean 3/8, mean of the squares 5/16, variance 5/16 − 9/64 = 11/64
        assertThat(averages.standardError("MRR@10")).isCloseTo(Math.sqrt(11 / 64.0 / 4), within(1e-12));
    }

    @Test
    void recallIsOverWhatIsRelevantAndPrecisionOverN() {
        averages.addFound(List.of("a", "b", "c", "d"), Set.of("b", "d", "x"), List.of(2, 4));
        averages.addFound(List.of("a"), Set.of("a"), List.of(2, 4));

        // at 2: 1 of 3 and 1 of 1 are found; 1 of 2 and 1 of 2 are right. At 4: 2 of 3 and 1 of 1; 2 of 4 and 1 of 4
        assertThat(averages.means().values())
                .containsExactly(
                        entry("recall@2", (1 / 3.0 + 1) / 2),
                        entry("recall@4", (2 / 3.0 + 1) / 2),
                        entry("precision@2", (0.5 + 0.5) / 2),
                        entry("precision@4", (0.5 + 0.25) / 2));
    }

    @Test
    void eachWindowWeighsTheSame() {
        Averages longer = new Averages();
        averages.addPlace(1);
        for (double place : new double[] {1, Averages.NOT_FOUND, Averages.NOT_FOUND, Averages.NOT_FOUND}) {
            longer.addPlace(place);
        }

        // means 1 and 1/4, errors 0 and √(1/4 · 3/4 / 4)
        assertThat(Averages.over(List.of(averages, longer)).values())
                .containsEntry("R@10", new Figures.Mean(1.25 / 2, Math.sqrt(3 / 64.0) / 2));
        // a window in which nothing was ranked does not count
        assertThat(Averages.over(List.of(averages, new Averages(), longer)).values())
                .isEqualTo(Averages.over(List.of(averages, longer)).values());
    }

    @Test
    void withoutEventsAllIsZero() {
        assertThat(averages.mean("NDCG@20")).isZero();
        assertThat(averages.standardError("NDCG@20")).isZero();
    }
}
