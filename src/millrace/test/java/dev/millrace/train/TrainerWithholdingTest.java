package dev.millrace.train;

import static dev.millrace.train.TrainerFixture.TIME;
import static dev.millrace.train.TrainerFixture.commit;
import static dev.millrace.train.TrainerFixture.entries;
import static dev.millrace.train.TrainerFixture.example;
import static dev.millrace.train.TrainerFixture.heavy;
import static dev.millrace.train.TrainerFixture.settings;
import static dev.millrace.train.TrainerFixture.shown;
import static dev.millrace.train.TrainerFixture.upsert;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.table.TableRows;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.EntryShare;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySum;
import dev.millrace.state.Fields;
import dev.millrace.state.MemoryEntries;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a {@link Trainer} withholds its vectors, and when it publishes them again. */
class TrainerWithholdingTest {

    /** Items, and rows, of one commit at most when all are published. */
    private static final int PART = 16 * 1024;

    private final TrainerSettings settings = settings();

    @Test
    void refusedStepsInARowWithholdVectors() {
        Trainer stopped = new Trainer(settings);
        Trainer restored = new Trainer(settings);
        for (int item = 0; item < 60; item++) {
            stopped.change(upsert("i" + item));
        }
        stopped.change(upsert("gone"));
        learn(stopped, 1);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(stopped, stored);
        for (int step = 2; step <= 4; step++) { // the third in a row withholds
            assertThat(stopped.withheld()).isEmpty();
            stopped.add(heavy("poison" + step));
            stopped.change(step == 4 ? new CatalogueChange.Removal("gone", TIME) : upsert("i1"));
            learn(stopped, step);
            List<ItemEmbedding> published = stopped.publish();
            assertThat(published.stream().anyMatch(one -> one.vector().isPresent()))
                    .isEqualTo(step < 4);
            if (step == 4) { // what is removed must go even so
                assertThat(published).extracting(ItemEmbedding::item).containsExactly("gone");
            }
            commit(stopped, stored);
        }
        assertThat(stopped.withheld()).contains("3 steps in a row were refused");
        assertThat(stopped.progress().withheld()).isEqualTo(stopped.withheld());
        stored.forEach(restored::restore);
        assertThat(restored.withheld()).isEqualTo(stopped.withheld());

        learn(restored, 5);

        assertThat(restored.publish()).hasSize(60).allMatch(one -> one.vector().isPresent());
        assertThat(restored.withheld()).isEmpty();
        // the query side too is handed over whole: of it, header, networks and rows of the histories' table
        Map<byte[], byte[]> drained = new TreeMap<>(Arrays::compareUnsigned);
        commit(restored, drained);
        stored.keySet().stream()
                .filter(key -> key[0] == 'm' && restored.isQuerySide(key))
                .forEach(key -> assertThat(drained).containsKey(key));
    }

    private static void learn(Trainer trainer, int step) {
        trainer.add(example("good" + step, "ann", "i" + step, 1));
        trainer.add(example("good too" + step, "bob", "i2", 1));
        trainer.learn(trainer.closeBatch());
    }

    @Test
    void vectorThatIsNotFiniteHoldsBackAllUntilItIsGone() {
        Trainer trainer = new Trainer(settings);
        trainer.reach(TIME);
        for (int item = 0; item < 20; item++) {
            trainer.change(upsert("i" + item));
        }
        trainer.learn(trainer.closeBatch());
        assertThat(trainer.publish()).hasSize(20);
        trainer.restore(rowKey("i5"), row(Float.NaN));
        trainer.change(upsert("i5"));
        trainer.learn(trainer.closeBatch());

        assertThat(trainer.publish()).isEmpty();
        assertThat(trainer.withheld()).contains("the vector of item i5 is not finite or not of unit length");

        trainer.change(new CatalogueChange.Removal("i5", TIME));
        trainer.learn(trainer.closeBatch());
        assertThat(trainer.publish()).hasSize(1 + 19);
        assertThat(trainer.withheld()).isEmpty();
    }

    @Test
    void aBadVectorHoldsBackItsPart() {
        int items = PART + 2 * 1024 + 7; // tiles of 1,024
        Trainer trainer = trainerOf(items);
        byte[] key = rowKey("i" + (items - 1));

        List<ItemEmbedding> published = new ArrayList<>();
        assertThat(trainer.publish(Optional.empty(), published::add)).isTrue();
        assertThat(published).hasSize(PART);
        assertThat(trainer.completeGeneration()).isFalse();
        trainer.drainDirty(new Counted());
        trainer.restore(key, row(Float.NaN));
        assertThat(trainer.publish()).isEmpty();
        assertThat(trainer.withheld()).hasValueSatisfying(why -> assertThat(why).contains("i" + (items - 1)));

        trainer.restore(key, row(1));
        published.clear();
        assertThat(trainer.publish(Optional.empty(), published::add)).isTrue();
        assertThat(trainer.completeGeneration()).isFalse();
        assertThat(trainer.publish(Optional.empty(), published::add)).isFalse();
        assertThat(trainer.completeGeneration()).isTrue();

        List<String> ids = published.stream().map(ItemEmbedding::item).toList();
        assertThat(ids).containsExactlyInAnyOrderElementsOf(trainer.items());
        float[] expected = new float[items * trainer.dim()];
        trainer.vectors(ids, expected);
        for (int at = 0; at < items; at++) {
            assertThat(published.get(at).vector().orElseThrow())
                    .isEqualTo(Arrays.copyOfRange(expected, at * trainer.dim(), (at + 1) * trainer.dim()));
        }
    }

    @Test
    void clickedItemsGoOutBeforeTheRest() {
        Trainer trainer = trainerOf(2 * PART + 5);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        String last = trainer.items().get(2 * PART + 4);
        assertThat(trainer.publish())
                .hasSize(PART)
                .extracting(ItemEmbedding::item)
                .doesNotContain(last);
        trainer.drainDirty(EntrySink.into(stored));

        trainer.add(example("c1", "ann", last, 1));
        trainer.learn(trainer.closeBatch());

        assertThat(trainer.publish())
                .extracting(ItemEmbedding::item)
                .hasSizeGreaterThan(PART)
                .contains(last);
    }

    @Test
    void restartsSendAllBeforeTheGenerationIsComplete() {
        Trainer stopped = trainerOf(PART + 1);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        assertThat(stopped.publish()).hasSize(PART);
        stopped.drainDirty(EntrySink.into(stored));
        Trainer restored = new Trainer(settings);
        stored.forEach(restored::restore);

        assertThat(restored.publish()).hasSize(PART);
        assertThat(restored.completeGeneration()).isFalse();
        restored.drainDirty(EntrySink.into(stored));
        assertThat(restored.publish()).hasSizeGreaterThanOrEqualTo(1);
        assertThat(restored.completeGeneration()).isTrue();
        restored.drainDirty(EntrySink.into(stored));
        Trainer later = new Trainer(settings);
        stored.forEach(later::restore);
        assertThat(later.publish()).isEmpty();
    }

    @Test
    void rowsOfTheQuerySideGoOutInPartsEachOnce() {
        int rows = 2 * PART + 9;
        Trainer trainer = trainerOf(3);
        for (int row = 0; row < rows; row++) {
            trainer.restore(rowKey("r" + row), row(1));
        }

        List<Counted> drains = new ArrayList<>();
        boolean isMoreLeft;
        do {
            isMoreLeft = trainer.publish(Optional.empty(), embedding -> {});
            assertThat(trainer.completeGeneration()).isEqualTo(!isMoreLeft);
            drains.add(new Counted());
            trainer.drainDirty(drains.get(drains.size() - 1));
        } while (isMoreLeft);

        assertThat(drains).extracting(drain -> drain.rows.size()).containsExactly(PART, PART, 9);
        assertThat(drains.stream().flatMap(drain -> drain.rows.stream()).distinct())
                .hasSize(rows);
    }

    @Test
    void aBadRowHoldsBackItsPartOfTheQuerySide() {
        int rows = PART + 9;
        Trainer trainer = trainerOf(3);
        for (int row = 0; row < rows; row++) {
            trainer.restore(rowKey(inOrder(row)), row(1));
        }
        byte[] last = rowKey(inOrder(rows - 1));
        trainer.restore(last, row(Float.POSITIVE_INFINITY));

        assertThat(trainer.publish()).hasSize(3);
        trainer.drainDirty(new Counted());
        for (int commit = 0; commit < 3; commit++) { // it is not forgotten while other parts are good
            assertThat(trainer.publish()).isEmpty();
            assertThat(trainer.withheld()).contains("a row of table item is not finite");
            assertThat(trainer.completeGeneration()).isFalse();
            trainer.drainDirty(new Counted());
        }

        trainer.restore(last, row(1));
        Counted again = new Counted();
        assertThat(trainer.publish()).hasSize(3);
        trainer.drainDirty(again);
        assertThat(again.rows).hasSize(PART);
        trainer.publish();
        trainer.drainDirty(again);
        assertThat(again.rows).hasSize(rows);
        assertThat(trainer.completeGeneration()).isTrue();
    }

    /** The drain that deletes a row hands over one more of those behind it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void badRowsBehindRemovedOnesAreFound(boolean isRestarted) {
        MemoryEntries stored = rowsOfWhichOneBehindTheFirstPartIsBad();
        Trainer trainer = begun(stored);
        if (isRestarted) {
            assertThat(trainer.publish()).hasSize(2);
            trainer.drainDirty(stored);
            trainer = restored(stored);
        }

        trainer.change(new CatalogueChange.Removal(inOrder(0), TIME));
        trainer.learn(trainer.closeBatch());

        assertThat(trainer.publish()).extracting(ItemEmbedding::item).containsExactly(inOrder(0));
        assertThat(trainer.withheld()).contains("a row of table item is not finite");
    }

    private Trainer begun(MemoryEntries stored) {
        Trainer trainer = restored(stored);
        trainer.change(upsert(inOrder(0)));
        trainer.change(upsert("i1"));
        trainer.learn(trainer.closeBatch());
        trainer.startGeneration();
        return trainer;
    }

    private MemoryEntries rowsOfWhichOneBehindTheFirstPartIsBad() {
        MemoryEntries stored = new MemoryEntries();
        EntrySum sum = EntrySum.NONE;
        for (int row = 0; row < PART + 9; row++) {
            byte[] key = rowKey(inOrder(row));
            byte[] value = row(row == PART ? Float.NaN : 1);
            stored.put(key, value);
            sum = sum.plus(EntryShare.of(key, value));
        }
        stored.put(ModelEntry.table("item"), new TableRows(sum, Optional.empty(), 0).entry());
        return stored;
    }

    private Trainer restored(MemoryEntries stored) {
        Trainer trainer = new Trainer(settings, stored);
        trainer.reach(TIME);
        stored.scan(new byte[0], (key, value) -> {
            if (!(key[0] == 'm' && key[1] == 'r')) { // rows are read when they are needed
                trainer.restore(key, value);
            }
            return true;
        });
        return trainer;
    }

    private static String inOrder(int row) {
        return "r%05d".formatted(row);
    }

    /** Takes the keys of rows. */
    private static final class Counted implements EntrySink {

        private final List<String> rows = new ArrayList<>();

        @Override
        public void put(byte[] key, byte[] value) {
            if (key[0] == 'm' && key[1] == 'r') {
                rows.add(new String(key, StandardCharsets.UTF_8));
            }
        }

        @Override
        public void delete(byte[] key) {}

        @Override
        public void repeat(byte[] key, byte[] value) {
            put(key, value);
        }
    }

    private Trainer trainerOf(int items) {
        Trainer trainer = new Trainer(settings);
        trainer.reach(TIME);
        for (int item = 0; item < items; item++) {
            trainer.change(upsert("i" + item));
        }
        trainer.learn(trainer.closeBatch());
        trainer.startGeneration();
        return trainer;
    }

    private static byte[] rowKey(String key) {
        return ("mritem\0" + key).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] row(float component) {
        float[] row = new float[8]; // tower.dim
        row[3] = component;
        Fields value = new Fields().shortInteger(row.length);
        for (float each : row) {
            value.integer(Float.floatToIntBits(each));
        }
        return value.integer(Float.floatToIntBits(1)) // of the optimiser
                .shortInteger(1)
                .shortInteger(TIME)
                .framed();
    }

    @Test
    void fallenRecallHoldsBackAllButTombstones() {
        TrainerSettings gated = settings(
                "batch.size", "32",
                "exam.every-batch-up-to", "0",
                "exam.budget", "1",
                "publish.gate.window", "640",
                "publish.gate.recall-at", "10");
        ClusteredClicks clicks = new ClusteredClicks(5, 10, 20, TIME);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Trainer stopped = new Trainer(gated);
        Trainer restored = new Trainer(gated);
        Trainer follower = new Trainer(gated);
        clicks.items().forEach(item -> stopped.change(upsert(item)));
        for (int step = 1; step <= 240; step++) {
            feed(stopped, follower, clicks, false);
            assertThat(stopped.publish()).isNotEmpty();
            assertThat(stopped.withheld()).isEmpty();
        }
        int garbage = 0;
        while (stopped.withheld().isEmpty() && garbage++ < 120) {
            feed(stopped, follower, clicks, true);
            commit(stopped, stored);
        }
        // half a window of 20 exams of 32 events: 30 steps; the reference is a little below the level
        assertThat(stopped.withheld()).hasValueSatisfying(why -> assertThat(why).startsWith("Recall@10 over 640"));
        assertThat(garbage).isBetween(25, 60);
        assertThat(stopped.publish()).isEmpty();
        follower.publish();
        assertThat(follower.withheld()).isEqualTo(stopped.withheld());

        stored.forEach(restored::restore);
        assertThat(restored.withheld()).isEqualTo(stopped.withheld());
        restored.change(new CatalogueChange.Removal("i7", TIME));
        feed(restored, follower, clicks, true);
        assertThat(restored.publish())
                .extracting(ItemEmbedding::item, one -> one.vector().isPresent())
                .containsExactly(org.assertj.core.groups.Tuple.tuple("i7", false));
        int good = 0;
        List<ItemEmbedding> published = List.of();
        while (restored.withheld().isPresent() && good++ < 300) {
            feed(restored, follower, clicks, false);
            published = restored.publish();
        }

        assertThat(restored.withheld()).isEmpty();
        assertThat(good).isLessThan(200);
        assertThat(published).hasSize(restored.progress().items()).allMatch(one -> one.vector()
                .isPresent());
        commit(restored, stored);
        assertThat(entries(follower, "mCPeEA").equals(shown(stored, "mCPeEA"))).isTrue();
    }

    private static void feed(Trainer trainer, Trainer follower, ClusteredClicks clicks, boolean isGarbage) {
        while (!trainer.isBatchReady()) {
            trainer.add(isGarbage ? clicks.garbage() : clicks.good());
        }
        MiniBatch batch = trainer.closeBatch();
        trainer.learn(batch);
        follower.learn(batch);
    }
}
