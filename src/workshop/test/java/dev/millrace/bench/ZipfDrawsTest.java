package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ZipfDrawsTest {

    private static final int DRAWS = 2_000_000;

    @Test
    void aRankIsDrawnInverselyToItself() {
        int ranks = 10;
        ZipfDraws draws = new ZipfDraws(ranks, 1);

        int[] drawn = new int[ranks + 1];
        for (int slot = 0; slot < DRAWS; slot++) {
            drawn[draws.draw(0, slot)]++;
        }

        double sum = 7381.0 / 2520; // 1 + 1/2 + … + 1/10
        for (int rank = 1; rank <= ranks; rank++) {
            double share = 1 / (rank * sum);
            double deviation = Math.sqrt(share * (1 - share) / DRAWS);
            assertThat((double) drawn[rank] / DRAWS).as("rank %d", rank).isCloseTo(share, within(4 * deviation));
        }
    }

    @Test
    void tenMillionRanksNeedNoTable() {
        int ranks = 10_000_000;
        ZipfDraws draws = new ZipfDraws(ranks, 1);

        int first = 0;
        int tail = 0;
        for (int slot = 0; slot < DRAWS; slot++) {
            int rank = draws.draw(3, slot);
            assertThat(rank).isBetween(1, ranks);
            first += rank == 1 ? 1 : 0;
            tail += rank > 1_000_000 ? 1 : 0;
        }

        // the sum of 1 / rank is ln n + .5772 up to 1 / 2n: 16.6953 of ten million, of which ln 10 = 2.3026 beyond the
        // first million
        assertThat((double) first / DRAWS).isCloseTo(1 / 16.6953, within(0.0007)); // four deviations of .00017
        assertThat((double) tail / DRAWS).isCloseTo(2.3026 / 16.6953, within(0.001));
    }
}
