package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Form;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ExamTotalsTest {

    @Test
    void aPartHasTheYoungItemsThatWereAddedSince() {
        ExamTotals early = ExamTotals.NONE.plus(List.of(1.0), 2, Set.of(Youth.WITHIN_AN_HOUR, Youth.WITHIN_A_DAY));

        ExamTotals part = early.plus(List.of(5.0), 60, Set.of(Youth.WITHIN_A_DAY, Youth.BEFORE_TEN_CLICKS))
                .plusWithoutHistory(3)
                .plus(List.of(70.0), 80, Set.of())
                .minus(early);

        assertThat(part.young(Youth.WITHIN_AN_HOUR).model().scored()).isZero();
        for (Youth youth : List.of(Youth.WITHIN_A_DAY, Youth.BEFORE_TEN_CLICKS)) {
            ExamTotals.Young young = part.young(youth);
            assertThat(young.model().scored()).isEqualTo(1);
            assertThat(young.model().recallAt(10)).isEqualTo(1);
            assertThat(young.popularity().scored()).isEqualTo(1);
            assertThat(young.popularity().recallAt(10)).isZero();
        }
        assertThat(part.model().scored()).isEqualTo(2);
    }

    @Test
    void allTotalsComeBackThoseOfFurtherWeightsToo() {
        for (List<Double> byModel : List.of(List.of(1.0), List.of(1.0, 20.0, 300.0))) {
            ExamTotals totals = ExamTotals.NONE
                    .plus(byModel, 15, Set.of(Youth.WITHIN_A_DAY))
                    .plus(byModel, 40, Set.of(Youth.WITHIN_A_DAY, Youth.BEFORE_TEN_CLICKS))
                    .plusWithoutHistory(5);

            ExamTotals found = Form.read(Form.written(totals::allFields), ExamTotals.NONE::allFields);

            assertThat(found).usingRecursiveComparison().isEqualTo(totals);
            assertThat(found.others()).hasSize(byModel.size() - 1);
        }
    }
}
