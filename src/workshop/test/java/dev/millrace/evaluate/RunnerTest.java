package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.model.Scenes;
import dev.millrace.negative.NegativeDraws;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunnerTest {

    private static final int CLICKS = 80;

    @Test
    void anItemComesAtItsPlaceInTheLogAndNotBeforeItsTime() {
        History history = new History().item("there").item("tomorrow", History.START + 40 * History.HOUR);
        for (int click = 0; click < CLICKS; click++) {
            if (click == 60) {
                history.item("told late", History.START);
            }
            history.click("u" + click % 3, "there", History.START + click * History.HOUR);
        }

        List<MiniBatch> batches = fed(history, 1);

        assertThat(batchOf(batches, "there")).isZero();
        // of two users heard lately both must have reached it, the second with the click at 41 hours
        assertThat(batchOf(batches, "tomorrow")).isEqualTo(41 / 8);
        assertThat(batchOf(batches, "told late")).isEqualTo(60 / 8);
        assertThat(batches)
                .extracting(MiniBatch::clock)
                .isSorted()
                .last()
                .isEqualTo(History.START + (CLICKS - 2) * History.HOUR);
    }

    @Test
    void anItemOfALogOfBatchesComesWithItsBatch() {
        long live = History.START + 100 * History.HOUR; // which a wall clock had reached
        History history = new History();
        TrainingExample click = Scenes.click("ann", "there", History.START);
        history.examples()
                .batch(batch(1, History.START, new CatalogueItem("there", History.START, Features.NONE), click));
        history.examples().batch(batch(2, live, new CatalogueItem("new", live, Features.NONE), click));

        List<MiniBatch> batches = fed(history, 1);

        assertThat(batches).singleElement().satisfies(batch -> {
            assertThat(batch.catalogue()).extracting(CatalogueChange::itemId).containsExactly("there", "new");
            assertThat(batch.clock()).isEqualTo(live);
        });
    }

    private static MiniBatch batch(long step, long clock, CatalogueItem item, TrainingExample example) {
        return new MiniBatch(
                step,
                step,
                List.of(new CatalogueChange.Upsert(item)),
                List.of(example),
                new float[1],
                List.of(),
                new float[0],
                1,
                List.of(),
                NegativeDraws.UNIFORM,
                List.of(),
                List.of(),
                clock);
    }

    @Test
    void earlierPassesHaveTheItemsOfTheirPartAlone() {
        History history = new History().item("there");
        for (int click = 0; click < CLICKS; click++) {
            if (click == 60) {
                history.item("later", History.START);
            }
            history.click("u" + click % 3, "there", History.START + click * History.HOUR);
        }

        List<MiniBatch> batches = fed(history, 3);

        assertThat(batchOf(batches, "later")).isEqualTo((2 * 40 + 60) / 8);
    }

    /** The first half in so many passes. */
    private static List<MiniBatch> fed(History history, int count) {
        Evaluation evaluation = history.evaluation(new PrequentialSettings(1, 0.5, count), History.trainer());
        List<MiniBatch> batches = new ArrayList<>();
        Score all = new Score() {
            @Override
            public void repeat(MiniBatch batch) {
                batches.add(batch);
            }

            @Override
            public void take(MiniBatch batch, Split.Part part) {
                batches.add(batch);
            }
        };
        Split halves = Split.byShare(evaluation);
        Split whole = new Split(
                List.of(new Split.Part("", 0, halves.fed().length(), true)),
                count,
                halves.repeated(),
                halves.fed(),
                false);
        try (Runner runner = new Runner(evaluation, whole, evaluation.trainer(), ExamWitness.NONE)) {
            runner.run(all);
        }
        return batches;
    }

    private static int batchOf(List<MiniBatch> batches, String item) {
        for (int at = 0; at < batches.size(); at++) {
            if (batches.get(at).catalogue().stream()
                    .map(CatalogueChange::itemId)
                    .anyMatch(item::equals)) {
                return at;
            }
        }
        return -1;
    }
}
