package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Form;
import java.util.List;
import java.util.Optional;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

class ExamWindowTest {

    @Test
    void fullWindowsAreGivenThenEachPart() {
        ExamWindow window = new ExamWindow(160);

        // it begins with the first totals, whatever they are; parts are of 10 events
        assertThat(stretches(window, 1, totals(1000, 500))).isEmpty();
        for (int scored = 1010; scored < 1160; scored += 10) {
            assertThat(window.moved(1, totals(scored - 5, 500))).isEmpty();
            assertThat(stretches(window, 1, totals(scored, 500))).isEmpty();
        }
        ExamTotals first = full(window, 1, totals(1160, 580));
        assertThat(first.model().scored()).isEqualTo(160);
        assertThat(first.model().recallAt(100)).isEqualTo(0.5); // 80 of 160
        assertThat(window.moved(1, totals(1165, 580))).isEmpty();
        assertThat(full(window, 1, totals(1170, 580)).model().scored()).isEqualTo(160);
    }

    @Test
    void aLargeExamMakesTheWindowLittleLarger() {
        ExamWindow window = new ExamWindow(160);
        for (int scored = 0; scored < 300; scored += 100) {
            window.moved(1, totals(scored, 0));
        }

        // of the totals at 0, 100, 200 and 300, those at 100 are the latest that leave 160 events
        assertThat(full(window, 1, totals(300, 0)).model().scored()).isEqualTo(200);
    }

    @Test
    void windowReadBackGoesOnAsTheOther() {
        ExamWindow one = new ExamWindow(160);
        ExamWindow other = new ExamWindow(160);
        for (int scored = 0; scored < 300; scored += 7) {
            one.moved(1, totals(scored, scored / 3));
        }

        Form.restore(Form.written(one::fields), other::fields);

        for (int scored = 300; scored < 500; scored += 7) {
            Optional<ExamWindow.Advance> expected = one.moved(1, totals(scored, scored / 2));
            Optional<ExamWindow.Advance> found = other.moved(1, totals(scored, scored / 2));
            assertThat(found).usingRecursiveComparison().isEqualTo(expected);
        }
    }

    @Test
    void rareExamsAreGivenBeforeWindowsAreFull() {
        ExamWindow window = new ExamWindow(6400); // small parts are of 100 events
        window.moved(1000, totals(0, 0));

        assertThat(window.moved(2000, totals(99, 9))).isEmpty();
        Optional<ExamWindow.Advance> first = window.moved(3000, totals(120, 12));
        Optional<ExamWindow.Advance> second = window.moved(4000, totals(240, 12));

        assertThat(first).hasValueSatisfying(advance -> {
            assertThat(advance.share()).isEqualTo(120 / 6400.0);
            assertThat(advance.stretches()).singleElement().satisfies(all -> {
                assertThat(all.isFull()).isFalse();
                assertThat(all.exam().model().scored()).isEqualTo(120);
            });
        });
        assertThat(second).hasValueSatisfying(advance -> assertThat(advance.stretches())
                .extracting(
                        stretch -> stretch.exam().model().scored(),
                        stretch -> stretch.exam().model().recallAt(100))
                .containsExactly(Tuple.tuple(120L, 0.0), Tuple.tuple(240L, 0.05)));
    }

    @Test
    void whereManyAreScoredNothingIsGivenBeforeItIsFull() {
        ExamWindow window = new ExamWindow(6400);

        for (int step = 0; step < 50; step++) {
            Optional<ExamWindow.Advance> advance = window.moved(step, totals(step * 128L, 0));
            assertThat(advance.map(ExamWindow.Advance::stretches).orElse(List.of()))
                    .isEmpty();
        }
        window.moved(50, totals(6399, 0));
        assertThat(full(window, 51, totals(6800, 0)).model().scored()).isEqualTo(6800);
    }

    private static List<ExamWindow.Stretch> stretches(ExamWindow window, long step, ExamTotals totals) {
        return window.moved(step, totals).orElseThrow().stretches();
    }

    /** Returns the exam of the window, which is full. */
    private static ExamTotals full(ExamWindow window, long step, ExamTotals totals) {
        List<ExamWindow.Stretch> stretches = stretches(window, step, totals);
        assertThat(stretches).hasSize(1).allMatch(ExamWindow.Stretch::isFull);
        return stretches.get(0).exam();
    }

    /** Totals of which so many were found within the first hundred, and none nearer. */
    private static ExamTotals totals(long scored, long hits) {
        return new ExamTotals(
                new RankingTotals(scored, new long[] {0, 0, 0, hits}, 0),
                new RankingTotals(scored, new long[] {0, 0, 0, hits}, 0),
                0);
    }
}
