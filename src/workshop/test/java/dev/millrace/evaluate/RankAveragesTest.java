package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.evaluate.RankAverages.Measure;
import org.junit.jupiter.api.Test;

class RankAveragesTest {

    @Test
    void eachMeasureCountsTheEventsWithinItsCutoffOnly() {
        RankAverages averages = new RankAverages();
        averages.add(1);
        averages.add(3);
        averages.add(10.5);
        averages.add(RankAverages.NOT_FOUND);

        assertThat(averages.events()).isEqualTo(4);
        // 1 and 3 are within 10; 10.5 is within 20 too
        assertThat(averages.mean(Measure.RECALL, 10)).isEqualTo(2 / 4.0);
        assertThat(averages.mean(Measure.RECALL, 20)).isEqualTo(3 / 4.0);
        assertThat(averages.mean(Measure.MRR, 10)).isCloseTo((1 + 1 / 3.0) / 4, within(1e-12));
        assertThat(averages.mean(Measure.MRR, 20)).isCloseTo((1 + 1 / 3.0 + 1 / 10.5) / 4, within(1e-12));
        // 1 / log2(1 + 1) and 1 / log2(3 + 1)
        assertThat(averages.mean(Measure.NDCG, 10)).isCloseTo((1 + 0.5) / 4, within(1e-12));
    }

    @Test
    void theStandardErrorIsThatOfAMean() {
        RankAverages averages = new RankAverages();
        averages.add(1);
        averages.add(2);
        averages.add(RankAverages.NOT_FOUND);
        averages.add(RankAverages.NOT_FOUND);

        // of a share p of n events: √(p (1 − p) / n)
        assertThat(averages.standardError(Measure.RECALL, 10)).isCloseTo(Math.sqrt(0.5 * 0.5 / 4), within(1e-12));
        // 1, 1/2, 0, 0: mean 3/8, mean of the squares 5/16, variance 5/16 − 9/64 = 11/64
        assertThat(averages.standardError(Measure.MRR, 10)).isCloseTo(Math.sqrt(11 / 64.0 / 4), within(1e-12));
    }

    @Test
    void withoutEventsAllIsZero() {
        RankAverages averages = new RankAverages();

        assertThat(averages.mean(Measure.NDCG, 20)).isZero();
        assertThat(averages.standardError(Measure.NDCG, 20)).isZero();
    }

    @Test
    void aCutoffThatIsNotCountedIsRefused() {
        assertThatThrownBy(() -> new RankAverages().mean(Measure.RECALL, 50)).hasMessage("R@50 is not counted");
    }
}
