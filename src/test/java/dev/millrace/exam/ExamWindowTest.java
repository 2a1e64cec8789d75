package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExamWindowTest {

    @Test
    void windowIsGivenOnceItIsFullAndThenWheneverAPartOfItHasPassed() {
        ExamWindow window = new ExamWindow(160);

        // it begins with the first totals, whatever they are; parts are of 10 events
        assertThat(window.moved(totals(1000, 500))).isEmpty();
        for (int scored = 1005; scored < 1160; scored += 5) {
            assertThat(window.moved(totals(scored, 500))).isEmpty();
        }
        assertThat(window.moved(totals(1160, 580))).hasValueSatisfying(exam -> {
            assertThat(exam.model().scored()).isEqualTo(160);
            assertThat(exam.model().recallAt(100)).isEqualTo(0.5); // 80 of 160
        });
        assertThat(window.moved(totals(1165, 580))).isEmpty();
        assertThat(window.moved(totals(1170, 580)))
                .hasValueSatisfying(exam -> assertThat(exam.model().scored()).isEqualTo(160));
    }

    @Test
    void anExamLargerThanAPartMakesTheWindowNoLargerThanItMustBe() {
        ExamWindow window = new ExamWindow(160);
        window.moved(totals(0, 0));
        window.moved(totals(100, 0));
        window.moved(totals(200, 0));

        Optional<ExamTotals> third = window.moved(totals(300, 0));

        // of the totals at 0, 100, 200 and 300, those at 100 are the latest that leave 160 events
        assertThat(third)
                .hasValueSatisfying(exam -> assertThat(exam.model().scored()).isEqualTo(200));
    }

    @Test
    void windowReadBackGoesOnAsTheOther() {
        ExamWindow one = new ExamWindow(160);
        ExamWindow other = new ExamWindow(160);
        for (int scored = 0; scored < 300; scored += 7) {
            one.moved(totals(scored, scored / 3));
        }
        Fields fields = new Fields();
        one.write(fields);

        other.read(Frame.open(fields.framed()));

        for (int scored = 300; scored < 500; scored += 7) {
            Optional<ExamTotals> expected = one.moved(totals(scored, scored / 2));
            Optional<ExamTotals> found = other.moved(totals(scored, scored / 2));
            assertThat(found.map(exam -> exam.model().recallAt(100)))
                    .isEqualTo(expected.map(exam -> exam.model().recallAt(100)));
            assertThat(found.map(exam -> exam.model().scored()))
                    .isEqualTo(expected.map(exam -> exam.model().scored()));
        }
    }

    /** Totals of which so many were found within the first hundred, and none nearer. */
    private static ExamTotals totals(long scored, long hits) {
        return new ExamTotals(
                new RankingTotals(scored, new long[] {0, 0, 0, hits}, 0),
                new RankingTotals(scored, new long[] {0, 0, 0, hits}, 0),
                0);
    }
}
