package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExamTrailTest {

    private final ExamTrail trail = new ExamTrail();

    @Test
    void secondHalfBeginsAtOrBeforeTheMiddle() {
        // one event scored a positive; points at 40, 90 and 100: the middle of 100 is 50, the point before it 40
        trail.add(40, scored(40));
        trail.add(90, scored(90));
        trail.add(100, scored(100));

        assertThat(trail.ofSecondHalf().model().scored()).isEqualTo(60);
    }

    @Test
    void anOddPositiveInTheMiddleBelongsToTheFirstHalf() {
        // of 101 positives the last 50 are the second half: it begins behind 51
        trail.add(50, scored(50));
        trail.add(51, scored(51));
        trail.add(101, scored(101));

        assertThat(trail.ofSecondHalf().model().scored()).isEqualTo(50);
    }

    @Test
    void aStretchLongerThanAllIsAll() {
        assertThat(trail.ofLast(5_000).model().scored()).isZero();

        trail.add(40, scored(40));

        assertThat(trail.ofLast(5_000).model().scored()).isEqualTo(40);
    }

    @Test
    void aStretchReachesBackToExamsIfItHasFew() {
        trail.add(5_000, scored(150));
        trail.add(9_000, scored(250));
        trail.add(15_000, scored(330));
        trail.add(20_000, scored(330));

        // the last 5,000 have none, the last 11,000 have 80, the last 15,000 have 180
        assertThat(trail.ofLast(5_000).model().scored()).isEqualTo(180);
    }

    @Test
    void aPointThatIsNotLaterChangesNothing() {
        trail.add(40, scored(40));
        trail.add(40, scored(999));
        trail.add(30, scored(999));

        assertThat(trail.ofLast(40).model().scored()).isEqualTo(40);
    }

    private static ExamTotals scored(int events) {
        RankingTotals totals = RankingTotals.NONE;
        for (int event = 0; event < events; event++) {
            totals = totals.plus(1);
        }
        return new ExamTotals(totals, totals, 0);
    }
}
