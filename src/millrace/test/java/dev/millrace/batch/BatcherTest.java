package dev.millrace.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.Scenes;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BatcherTest {

    private static final long TIME = 1_700_000_000_000L;

    private final BatchSettings settings = BatchSettings.read(new SettingsReader(
            Map.of("batch.size", "3", "batch.negatives", "5", "batch.max-changes", "4", "batch.max-bytes", "10000")));
    private final Catalogue catalogue = new Catalogue('C');
    private final Batcher batcher = new Batcher(settings, catalogue, 'O', 'P');

    @Test
    void batchIsFullAtItsSize() {
        batcher.add(example("1", "a"));
        batcher.add(example("2", "a"));
        assertThat(batcher.isFull(false)).isFalse();

        batcher.add(example("3", "b"));

        assertThat(batcher.isFull(false)).isTrue();
        assertThat(batcher.close().examples()).extracting(TrainingExample::id).containsExactly("1", "2", "3");
        assertThat(batcher.isEmpty()).isTrue();
    }

    @Test
    void aLearnerThatIsBehindTakesLargerBatches() {
        Batcher larger = new Batcher(
                BatchSettings.read(new SettingsReader(Map.of("batch.size", "3", "batch.max-size", "5"))),
                catalogue,
                'O',
                'P');
        for (int number = 1; number <= 4; number++) {
            larger.add(example("" + number, "a"));
        }
        assertThat(larger.isFull(true)).isFalse();
        assertThat(larger.isFull(false)).isTrue();

        larger.add(example("5", "a"));

        assertThat(larger.isFull(true)).isTrue();
        assertThat(larger.close().examples()).hasSize(5);
    }

    @Test
    void longHistoriesFillABatchBeforeItsSize() {
        String[] history = Collections.nCopies(3000, "a").toArray(new String[0]);
        batcher.add(Scenes.click("ann", "a", TIME, history));

        assertThat(batcher.isFull(false)).isTrue();
    }

    @Test
    void probabilitiesAreThoseBeforeTheBatch() {
        batcher.add(example("1", "a"));
        MiniBatch first = batcher.close();
        batcher.add(example("2", "a"));

        MiniBatch second = batcher.close();

        // nothing counted yet: epsilon / (epsilon * 1 item) = 1; then one count of a itself, still all there is
        assertThat(first.logProbability()[0]).isZero();
        assertThat(second.logProbability()[0]).isZero();
        batcher.add(example("3", "b"));
        // b is new: .1 / (2 + .1 * 2), the decay over two positives too small to see in a float
        assertThat(batcher.close().logProbability()[0]).isCloseTo((float) Math.log(.1 / 2.2), within(1e-4f));
    }

    @Test
    void anItemTheCatalogueDoesNotKnowJoinsItThroughTheLog() {
        batcher.change(new CatalogueChange.Upsert(new CatalogueItem("known", TIME, Features.NONE)));
        batcher.add(example("1", "known"));
        batcher.add(example("2", "new"));

        MiniBatch batch = batcher.close();

        assertThat(batch.catalogue()).extracting(CatalogueChange::itemId).containsExactly("known", "new");
        assertThat(batch.catalogueSize()).isEqualTo(2);
        assertThat(batch.negatives()).hasSize(2 * 5).allMatch(List.of("known", "new")::contains);
    }

    @Test
    void removedItemIsNoLongerDrawn() {
        batcher.change(new CatalogueChange.Upsert(new CatalogueItem("a", TIME, Features.NONE)));
        batcher.change(new CatalogueChange.Upsert(new CatalogueItem("b", TIME, Features.NONE)));
        batcher.close();
        batcher.change(new CatalogueChange.Removal("a", TIME));
        batcher.add(example("1", "b"));

        assertThat(batcher.close().negatives()).containsOnly("b");
    }

    @Test
    void exposuresThatWereNotClickedAreKeptApart() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Catalogue otherCatalogue = new Catalogue('C');
        Batcher other = new Batcher(settings, otherCatalogue, 'O', 'P');
        batcher.add(unclicked("x1", "a"));
        batcher.add(example("1", "a"));
        batcher.add(unclicked("x2", "b"));
        batcher.change(new CatalogueChange.Upsert(new CatalogueItem("b", TIME, Features.NONE)));
        drain(batcher, stored);
        drain(catalogue, stored);
        stored.forEach((key, value) -> (key[0] == 'C' ? otherCatalogue : (Durable) other).restore(key, value));

        int left = batcher.change(new CatalogueChange.Removal("b", TIME));
        MiniBatch batch = batcher.close();
        MiniBatch restored = other.close();

        assertThat(left).isEqualTo(1);
        assertThat(batch.examples()).extracting(TrainingExample::id).containsExactly("1");
        assertThat(batch.exposed()).extracting(TrainingExample::id).containsExactly("x1");
        assertThat(batch.logProbability()).hasSize(1);
        assertThat(restored.exposed()).extracting(TrainingExample::id).containsExactly("x1", "x2");
        assertThat(restored.exposed()).noneMatch(TrainingExample::isPositive);
        assertThat(batcher.isEmpty()).isTrue();
    }

    @Test
    void unclickedExposuresFillBatchesAndMoveNoPopularity() {
        batcher.add(example("1", "a"));
        batcher.close();
        for (int at = 0; at < 3; at++) {
            assertThat(batcher.isFull(false)).isFalse();
            batcher.add(unclicked("x" + at, "b"));
        }
        assertThat(batcher.isFull(false)).isTrue();
        MiniBatch withoutPositives = batcher.close();
        batcher.add(example("2", "a"));

        // a is still all that was ever clicked; b is not in the catalogue
        assertThat(batcher.close().logProbability()[0]).isZero();
        assertThat(withoutPositives.exposed()).hasSize(3);
        assertThat(withoutPositives.negatives()).isEmpty();
    }

    @Test
    void closedPartsLeaveTheStore() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        batcher.add(example("1", "a"));
        drain(batcher, stored);
        long open = stored.keySet().stream()
                .filter(key -> key[0] == 'O' && key[1] == 1)
                .count();

        batcher.close();
        drain(batcher, stored);

        assertThat(open).isEqualTo(1);
        assertThat(stored.keySet()).noneMatch(key -> key[0] == 'O' && key[1] == 1);
    }

    private static void drain(Durable state, Map<byte[], byte[]> stored) {
        state.drainDirty(EntrySink.into(stored));
    }

    private static TrainingExample unclicked(String id, String item) {
        return example(id, item, false);
    }

    private static TrainingExample example(String id, String item) {
        return example(id, item, true);
    }

    private static TrainingExample example(String id, String item, boolean isPositive) {
        UserFeatures user = new UserFeatures("ann", TIME, Features.NONE, List.of());
        return new TrainingExample(id, user, Features.NONE, item, "click", 1, TIME, 0, isPositive);
    }
}
