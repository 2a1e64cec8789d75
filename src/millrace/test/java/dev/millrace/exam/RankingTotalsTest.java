package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RankingTotalsTest {

    @Test
    void recallCountsRanksWithinTheCutoff() {
        RankingTotals totals =
                RankingTotals.NONE.plus(1).plus(10).plus(10.5).plus(20).plus(101);

        assertThat(totals.recallAt(10)).isEqualTo(2 / 5.0); // half a place behind the tenth is not within ten
        assertThat(totals.recallAt(20)).isEqualTo(4 / 5.0);
        assertThat(totals.recallAt(100)).isEqualTo(4 / 5.0);
    }

    @Test
    void ndcgDiscountsByTheLogOfTheRank() {
        RankingTotals totals = RankingTotals.NONE.plus(1).plus(3).plus(11);

        // 1/log2(2) = 1, 1/log2(4) = 1/2, nothing behind ten
        assertThat(totals.ndcg10()).isCloseTo((1 + 0.5) / 3, within(1e-12));
    }

    @Test
    void aPartIsTheDifferenceOfTotals() {
        RankingTotals early = RankingTotals.NONE.plus(1).plus(200);

        RankingTotals part = early.plus(5).plus(60).minus(early);

        assertThat(part.scored()).isEqualTo(2);
        assertThat(part.recallAt(10)).isEqualTo(0.5);
        assertThat(part.recallAt(100)).isEqualTo(1);
    }

    @Test
    void onlyCountedCutoffsCanBeAskedFor() {
        assertThatThrownBy(() -> RankingTotals.NONE.recallAt(7)).hasMessage("Recall@7 is not counted");
    }

    @Test
    void theStandardErrorIsThatOfAShareOfIndependentEvents() {
        RankingTotals totals = new RankingTotals(1600, new long[] {320, 400, 800, 1600}, 0);

        assertThat(totals.standardErrorAt(10)).isEqualTo(0.01); // √(.2 · .8 / 1600)
        assertThat(totals.standardErrorAt(100)).isZero();
        assertThat(RankingTotals.NONE.standardErrorAt(10)).isZero();
    }

    @Test
    void theEstimateFromFewEventsIsNeverSure() {
        // as if 2 of 16 + 4 had been found: √(.1 · .9 / 20)² = .0045
        RankingTotals.Estimate none = new RankingTotals(16, new long[4], 0).estimateAt(10);

        assertThat(none.mean()).isEqualTo(0.1);
        assertThat(none.variance()).isCloseTo(0.0045, within(1e-12));
    }
}
