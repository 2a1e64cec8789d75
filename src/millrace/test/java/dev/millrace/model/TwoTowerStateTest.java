package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

public class TwoTowerStateTest {

    static List<Arguments> declarations() {
        List<Arguments> all = new ArrayList<>(Scenes.towersAndFeatures());
        all.addAll(OptimisersTest.all());
        all.add(Arguments.of("learned weights of actions", Scenes.OBJECTIVES + " loss.objectives.learned=true"));
        return all;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("declarations")
    void restoredInAnyOrderItContinuesBitForBit(String name, String declared) {
        // Given a learner drained twice on its way, with a removal between
        Catalogue catalogue = Scenes.catalogue();
        TwoTower uninterrupted = new TwoTower(Scenes.settings(declared), catalogue);
        Store store = new Store();
        uninterrupted.learn(Scenes.mixedBatch(1, 24, 9));
        uninterrupted.drainDirty(store);
        uninterrupted.removeItem("i1");
        uninterrupted.learn(Scenes.mixedBatch(2, 24, 9));
        uninterrupted.removeItem("i2");
        uninterrupted.drainDirty(store);
        TwoTower restored = new TwoTower(Scenes.settings(declared), catalogue);

        store.shuffled(name.hashCode()).forEach(entry -> restored.restore(entry.getKey(), entry.getValue()));

        assertThat(Scenes.digest(restored)).isEqualTo(Scenes.digest(uninterrupted));
        for (int step = 3; step <= 6; step++) {
            assertThat(restored.learn(Scenes.mixedBatch(step, 24, 9)))
                    .isEqualTo(uninterrupted.learn(Scenes.mixedBatch(step, 24, 9)));
        }
        assertThat(Scenes.digest(restored)).isEqualTo(Scenes.digest(uninterrupted));
        assertThat(restored.fieldWeights()).isEqualTo(uninterrupted.fieldWeights());
        assertThat(restored.objectiveWeights()).isEqualTo(uninterrupted.objectiveWeights());
    }

    @Test
    void drainHandsOverOnlyWhatChanged() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        model.learn(Scenes.batch(1, 24, 10));
        model.drainDirty(new Store());
        Store second = new Store();

        model.drainDirty(second);

        assertThat(second.entries).isEmpty();
    }

    @Test
    void removedItemIsDeletedFromTheStateOnceAndMayComeBack() {
        Catalogue catalogue = Scenes.catalogue();
        TwoTower model = new TwoTower(Scenes.settings(), catalogue);
        Store store = new Store();
        model.learn(Scenes.batch(1, 40, 10));
        model.drainDirty(store);
        byte[] key = ModelEntry.row("item", "i1");
        assertThat(store.entries).containsKey(key);

        catalogue.apply(new CatalogueChange.Removal("i1", Scenes.TIME));
        model.removeItem("i1");
        model.drainDirty(store);

        assertThat(store.entries).doesNotContainKey(key);
        Catalogue listed = Scenes.catalogue();
        catalogue.apply(
                new CatalogueChange.Upsert(listed.item(listed.number("i1").orElseThrow())));
        model.learn(Scenes.batch(1, 40, 10));
        model.drainDirty(store);
        assertThat(store.entries).containsKey(key);
    }

    @Test
    void otherSettingsRefuseTheState() {
        Store store = new Store();
        new TwoTower(Scenes.settings(), Scenes.catalogue()).drainDirty(store);
        TwoTower other = new TwoTower(Scenes.settings("loss.temperature=0.2"), Scenes.catalogue());
        byte[] header = ModelEntry.Kind.HEADER.key();

        assertThatThrownBy(() -> other.restore(header, store.value(header)))
                .isInstanceOf(FingerprintMismatchException.class)
                .hasMessageContaining("settings hash");
    }

    @Test
    void otherEngineRefusesTheState() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        byte[] header = new ModelHeader("another engine", Scenes.settings().hash()).entry();

        assertThatThrownBy(() -> model.restore(ModelEntry.Kind.HEADER.key(), header))
                .isInstanceOf(FingerprintMismatchException.class)
                .hasMessageContaining("another engine");
    }

    @Test
    void stateOfAnotherFormIsRefusedWithTheWayOut() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        byte[] header = new Fields()
                .integer(3)
                .text("an engine")
                .text(Scenes.settings().hash())
                .framed();

        assertThatThrownBy(() -> model.restore(ModelEntry.Kind.HEADER.key(), header))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageStartingWith("the stored learner has form 3, this build reads form 4: ")
                .hasMessageContaining("train --from mini-batches")
                .hasMessageContaining("model import --warm");
    }

    @Test
    void damagedEntriesAreRefused() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        Store store = new Store();
        model.learn(Scenes.batch(1, 24, 10));
        model.drainDirty(store);

        store.entries.forEach((key, value) -> {
            byte[] damaged = value.clone();
            damaged[damaged.length - 1] ^= 1;
            assertThatThrownBy(() -> model.restore(key, damaged)).isInstanceOf(CorruptEntryException.class);
        });
        assertThatThrownBy(() -> model.restore(new byte[] {'m', '?'}, new byte[8]))
                .isInstanceOf(CorruptEntryException.class);
    }

    @Test
    void severalNativeThreadsStopTheStart() {
        assertThatThrownBy(() -> NumericFingerprint.ofNative(Map.of("OMP_NUM_THREADS", "2")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("needs OMP_NUM_THREADS = 1 in the environment of the process, not 2")
                .hasMessageContaining(
                        "needs OPENBLAS_NUM_THREADS = 1 in the environment of the process, not (not set)");
    }

    /** Entries in memory, as a store holds them. */
    public static final class Store implements EntrySink {
        final TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);

        @Override
        public void put(byte[] key, byte[] value) {
            entries.put(key, value);
        }

        @Override
        public void delete(byte[] key) {
            entries.remove(key);
        }

        byte[] value(byte[] key) {
            return entries.getOrDefault(key, new byte[0]);
        }

        public List<Map.Entry<byte[], byte[]>> shuffled(long seed) {
            List<Map.Entry<byte[], byte[]>> list = new ArrayList<>(entries.entrySet());
            Collections.shuffle(list, new Random(seed));
            return list;
        }
    }
}
