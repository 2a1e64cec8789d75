package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Scenes;
import dev.millrace.model.TwoTower;
import dev.millrace.settings.SettingsReader;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExamBudgetTest {

    private static final int MILLION = 1_000_000;

    private static final MiniBatch BATCH = Batches.of(
            1,
            1,
            List.of(),
            IntStream.range(0, 128)
                    .mapToObj(at -> Scenes.click("u", "i" + at, 1))
                    .toList(),
            new float[128],
            IntStream.range(126, 638).mapToObj(at -> "i" + at).toList(),
            new float[512],
            MILLION);

    private final TwoTower model = new TwoTower(ModelSettings.read(new SettingsReader(Map.of())), new Catalogue('C'));

    @Test
    void costsAreTheMultiplyAddsOfBothTowersAndOfTheScores() {
        // item tower: 64 inputs, 64 · 64 + 64 · 64 weights; user tower: 128 inputs, 128 · 64 + 64 · 64 weights
        double item = 64 + 8192;
        double user = 128 + 12_288;

        assertThat(ExamBudget.costOfExam(2, 10, model)).isEqualTo(2 * user + 10 * item + 2 * 10 * 64);
        // 128 different items and 512 negatives, of which 2 are items of the batch; forward, and twice that backward
        assertThat(ExamBudget.costOfStep(BATCH, model)).isEqualTo(3 * (128 * user + 638 * item + 128 * 638 * 64));
    }

    @Test
    void inASmallCatalogueEveryBatchIsExamined() {
        ExamBudget budget = new ExamBudget(0.2, 2000);

        assertThat(examined(budget, 2000, 100)).isEqualTo(100);
    }

    @Test
    void withoutABudgetThereIsNoExamInAnyCatalogue() {
        ExamBudget budget = new ExamBudget(0, 2000);

        assertThat(examined(budget, 1, 100)).isZero();
    }

    @Test
    void overManyStepsExamsCostTheirShare() {
        for (int items : new int[] {2001, 10_000, 100_000, MILLION}) {
            ExamBudget budget = new ExamBudget(0.2, 2000);
            int steps = 20_000;

            int exams = examined(budget, items, steps);

            double share =
                    exams * ExamBudget.costOfExam(128, items, model) / (steps * ExamBudget.costOfStep(BATCH, model));
            assertThat(share).as("%d items", items).isCloseTo(0.2, within(0.02));
        }
    }

    @Test
    void savingsWithoutEventsPayForOneExam() {
        ExamBudget budget = new ExamBudget(0.2, 2000);
        for (int step = 0; step < 1000; step++) {
            assertThat(budget.affords(BATCH, 0, 10_000, model)).isFalse();
        }

        assertThat(budget.credit()).isEqualTo(ExamBudget.costOfExam(128, 10_000, model));
        assertThat(examined(budget, 10_000, 2)).isEqualTo(1);
    }

    private int examined(ExamBudget budget, int items, int steps) {
        return (int) IntStream.range(0, steps)
                .filter(step -> budget.affords(BATCH, 128, items, model))
                .count();
    }
}
