package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RankTest {

    private static final double[] ASCENDING = {0, 0, 1, 2, 2, 2, 5};

    @Test
    void countsWhatIsBetterAndWhatIsEqual() {
        // above 2: the 5; three 2s, the score's own among them
        assertThat(Rank.among(ASCENDING, 2)).isEqualTo(new Rank(1, 3));
        assertThat(Rank.among(ASCENDING, 0)).isEqualTo(new Rank(5, 2));
        assertThat(Rank.among(ASCENDING, 5)).isEqualTo(new Rank(0, 1));
        assertThat(Rank.among(ASCENDING, 3)).isEqualTo(new Rank(1, 0));
    }

    @Test
    void aTieTakesHalfAPlaceAndWhatIsLeftOutNone() {
        Rank all = Rank.among(ASCENDING, 2);

        // without itself: one better and two equal, 1 + 1 + 2 / 2
        assertThat(all.without(2, 2).place()).isEqualTo(3.0);
        // without the 5 and a 0 as well
        assertThat(all.without(2, 2).without(5, 2).without(0, 2).place()).isEqualTo(2.0);
    }
}
