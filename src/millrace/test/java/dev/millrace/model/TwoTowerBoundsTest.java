package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.model.table.EmbeddingTable;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TwoTowerBoundsTest {

    private static final long DAY = 86_400_000;

    @Test
    void aKeyGetsItsRowInTheStepOfTheLastSightingItNeeds() {
        TwoTower model = model("table.admit-after=3");

        model.learn(batch(1, Scenes.TIME, "ann", "ann")); // twice in one step is one sighting
        model.learn(batch(2, Scenes.TIME, "bob", "ann"));
        assertThat(rows(model, "user")).isZero();
        model.learn(batch(3, Scenes.TIME, "ann", "cem"));

        assertThat(row(model, "user", "ann")).isNotEqualTo(EmbeddingTable.NONE);
        assertThat(rows(model, "user")).isEqualTo(1);
        // users: ann; bob, ann; cem. Items i0 and i1, named by both examples of every step: two in each of the first
        // two steps.
        assertThat(model.rowCounts().waiting()).isEqualTo(4 + 4);
    }

    @Test
    void aRefusedStepIsNoSighting() {
        TwoTower model = model("table.admit-after=2");
        MiniBatch infinite = Scenes.each(
                batch(1, Scenes.TIME, "ann", "bob"), example -> Scenes.weighing(Double.POSITIVE_INFINITY, example));

        assertThatThrownBy(() -> model.learn(infinite)).isInstanceOf(RefusedStepException.class);
        model.learn(batch(2, Scenes.TIME, "ann", "bob"));

        assertThat(rows(model, "user")).isZero();
    }

    @Test
    void aRowThatNoStepTouchesForLongIsRemovedWithItsEntry() {
        TwoTower model = model("table.expire-after=30d");
        TwoTowerStateTest.Store store = new TwoTowerStateTest.Store();
        model.learn(batch(1, Scenes.TIME, "ann", "bob"));
        model.learn(batch(2, Scenes.TIME + 20 * DAY, "bob", "cem"));
        model.drainDirty(store);
        assertThat(store.entries).containsKey(ModelEntry.row("user", "ann"));

        model.learn(batch(3, Scenes.TIME + 30 * DAY, "cem", "cem"));
        assertThat(rows(model, "user")).isEqualTo(3); // ann is just not too old
        model.learn(batch(4, Scenes.TIME + 30 * DAY + 1, "cem", "cem"));
        model.drainDirty(store);

        assertThat(rows(model, "user")).isEqualTo(2);
        assertThat(store.entries)
                .doesNotContainKey(ModelEntry.row("user", "ann"))
                .containsKey(ModelEntry.row("user", "bob"));
        assertThat(model.rowCounts().expired()).isEqualTo(1);
        assertThat(model.isQuerySide(ModelEntry.row("user", "ann"))).isTrue(); // the server must learn of the removal
    }

    @Test
    void anExampleFromThePastDoesNotTurnTheClockBack() {
        TwoTower model = model("table.expire-after=30d");
        model.learn(batch(1, Scenes.TIME + 40 * DAY, "ann", "ann"));

        model.learn(batch(2, Scenes.TIME, "late", "late"));

        assertThat(rows(model, "user")).isEqualTo(2); // the touch has the model's time, not the example's
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void restoredInAnyOrderABoundedLearnerGoesOnBitForBit(long shuffle) {
        String bounds = "table.admit-after=2 table.expire-after=1d table.max-rows=25";
        TwoTower uninterrupted = new TwoTower(Scenes.settings(bounds), Scenes.catalogue());
        TwoTower drainedOnce = new TwoTower(Scenes.settings(bounds), Scenes.catalogue());
        TwoTowerStateTest.Store store = new TwoTowerStateTest.Store();
        TwoTowerStateTest.Store other = new TwoTowerStateTest.Store();
        for (int step = 1; step <= 20; step++) {
            uninterrupted.learn(shifted(step));
            drainedOnce.learn(shifted(step));
            if (step % 3 == 0) {
                uninterrupted.drainDirty(store);
            }
        }
        uninterrupted.drainDirty(store);
        drainedOnce.drainDirty(other);
        assertThat(uninterrupted.rowCounts().expired()).isPositive();
        assertThat(uninterrupted.rowCounts().displaced()).isPositive();
        assertThat(uninterrupted.rowCounts().waiting()).isPositive();
        TwoTower restored = new TwoTower(Scenes.settings(bounds), Scenes.catalogue());

        store.shuffled(shuffle).forEach(entry -> restored.restore(entry.getKey(), entry.getValue()));

        assertThat(Scenes.digest(restored)).isEqualTo(Scenes.digest(uninterrupted));
        for (int step = 21; step <= 40; step++) {
            assertThat(restored.learn(shifted(step))).isEqualTo(uninterrupted.learn(shifted(step)));
        }
        assertThat(Scenes.digest(restored)).isEqualTo(Scenes.digest(uninterrupted));
        // and the stored entries do not depend on the times of the drains
        assertThat(other.entries.keySet()).containsExactlyElementsOf(store.entries.keySet());
        other.entries.forEach((key, value) -> assertThat(store.value(key)).isEqualTo(value));
    }

    /** A batch of {@link Scenes}; each step is one day later. */
    private static MiniBatch shifted(int step) {
        return Scenes.each(
                Scenes.batch(step, 24, 10),
                example -> new TrainingExample(
                        example.id(),
                        example.user(),
                        example.context(),
                        example.item(),
                        example.action(),
                        example.weight(),
                        example.time() + step * DAY,
                        0));
    }

    private static TwoTower model(String... settings) {
        return new TwoTower(Scenes.plainSettings(settings), Scenes.catalogue());
    }

    private static long rows(TwoTower model, String table) {
        return Objects.requireNonNull(model.tables().get(table)).size();
    }

    private static int row(TwoTower model, String table, String key) {
        return Objects.requireNonNull(model.tables().get(table)).row(key);
    }

    /** Two examples of items i0 and i1, by these users, without a history. */
    private static MiniBatch batch(long step, long time, String first, String second) {
        return Batches.of(
                step,
                step,
                List.of(),
                List.of(Scenes.click(first, "i0", time), Scenes.click(second, "i1", time)),
                new float[] {-1, -1},
                List.of(),
                new float[0],
                Scenes.ITEMS);
    }
}
