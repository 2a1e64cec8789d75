package dev.millrace.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.Scenes;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class UnannouncedItemsTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long DAY = 86_400_000;

    private final BatchSettings settings = BatchSettings.read(new SettingsReader(Map.of(
            "batch.size", "100",
            "batch.negatives", "0",
            "batch.max-changes", "50",
            "catalogue.expire-after", "30d",
            "catalogue.max-unannounced", "4")));
    private final Catalogue catalogue = new Catalogue('C');
    private final Batcher batcher = new Batcher(settings, catalogue, 'O', 'P');

    @Test
    void anItemThatExamplesNoLongerNameGoesThroughTheLog() {
        close(TIME, "a", "b");

        close(TIME + 20 * DAY, "b");
        MiniBatch batch = close(TIME + 31 * DAY, "c");

        assertThat(batch.catalogue())
                .containsExactly(
                        new CatalogueChange.Upsert(new CatalogueItem("c", TIME + 31 * DAY, Features.NONE), false),
                        new CatalogueChange.Removal("a", TIME + 31 * DAY, false));
        assertThat(catalogue.contains("a")).isFalse();
        assertThat(catalogue.contains("b")).isTrue();
        assertThat(batch.catalogueSize()).isEqualTo(2);
    }

    @Test
    void aClickBringsItBack() {
        close(TIME, "a");
        close(TIME + 31 * DAY, "b");
        assertThat(catalogue.contains("a")).isFalse();

        close(TIME + 32 * DAY, "a");

        assertThat(catalogue.wasRemoved("a")).isFalse();
        assertThat(catalogue.contains("a")).isTrue();
    }

    @Test
    void tooManyPushOutTheOneNamedLongestAgo() {
        close(TIME, "a", "b", "c", "d");
        close(TIME + 1, "a"); // now b is the oldest

        MiniBatch batch = close(TIME + 2, "e", "f");

        assertThat(removals(batch)).containsExactly("b", "c");
        assertThat(catalogue.unannouncedCount()).isEqualTo(4);
    }

    @Test
    void itemsOfTheBatchItselfStayHoweverMany() {
        MiniBatch batch = close(TIME, "a", "b", "c", "d", "e", "f");

        assertThat(removals(batch)).isEmpty();
        assertThat(removals(close(TIME, "f"))).containsExactly("a", "b"); // the next makes up for it
    }

    @Test
    void announcedItemsNeitherExpireNorGiveWay() {
        batcher.change(new CatalogueChange.Upsert(new CatalogueItem("announced", TIME, Features.NONE)));
        close(TIME, "announced", "later");
        batcher.change(new CatalogueChange.Upsert(new CatalogueItem("later", TIME, Features.NONE)));
        close(TIME, "later");

        close(TIME + 400 * DAY, "a", "b", "c", "d", "e");
        close(TIME + 800 * DAY, "f");

        assertThat(catalogue.contains("announced")).isTrue();
        assertThat(catalogue.contains("later")).isTrue();
        assertThat(catalogue.size()).isEqualTo(3);
    }

    @Test
    void itsPopularityGoesWithIt() {
        close(TIME, "a", "a", "a");
        close(TIME + 31 * DAY, "b");
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

        catalogue.drainDirty(EntrySink.into(stored));
        batcher.drainDirty(EntrySink.into(stored));

        assertThat(stored.keySet()).noneMatch(key -> key.length == 2 && key[1] == 'a');
        assertThat(stored.keySet()).anyMatch(key -> key.length == 2 && key[0] == 'P' && key[1] == 'b');
    }

    @Test
    void examplesBringAsManyItemsAsTheyCountAndNotAsTheyAre() {
        int brought = 0;
        for (int batch = 0; batch < 40; batch++) {
            for (int at = 0; at < 100; at++) {
                batcher.add(example(TIME, "new-" + batch + "-" + at, 0.05));
            }
            MiniBatch closed = batcher.close();
            brought += closed.examples().size();
            assertThat(closed.examples()).allMatch(example -> catalogue.contains(example.item()));
        }

        // 4,000 draws of 0.05: 200 items, standard deviation 13.8; the others are no examples of their batches
        assertThat(brought).isBetween(200 - 5 * 14, 200 + 5 * 14);
    }

    @Test
    void uncountedExamplesLearnItemsThatOthersBring() {
        for (int at = 0; at < 40; at++) {
            batcher.add(example(TIME, "a", 0.05));
        }
        batcher.add(example(TIME, "a", 1));

        assertThat(batcher.close().examples()).hasSize(41);
    }

    @Test
    void whatHardlyCountsKeepsNoItem() {
        close(TIME, "a", "b", "c", "d");
        for (int step = 0; step < 10; step++) {
            batcher.add(example(TIME + 1, "a", 1e-9)); // a would be the latest
            batcher.close();
        }

        MiniBatch batch = close(TIME + 2, "e");

        assertThat(removals(batch)).containsExactly("a");
    }

    @Test
    void itemsOfBatchesStayWithoutCountedExamples() {
        close(TIME, "a", "b", "c", "d");

        batcher.add(example(TIME + 1, "a", 1e-9));
        MiniBatch batch = close(TIME + 1, "e");

        assertThat(removals(batch)).containsExactly("b");
        assertThat(batch.examples()).hasSize(2);
    }

    private MiniBatch close(long time, String... items) {
        for (String item : items) {
            batcher.add(example(time, item, 1));
        }
        return batcher.close();
    }

    private static TrainingExample example(long time, String item, double weight) {
        return Scenes.weighing(weight, Scenes.click("ann", item, time));
    }

    private static List<String> removals(MiniBatch batch) {
        return batch.catalogue().stream()
                .filter(CatalogueChange::isRemoval)
                .map(CatalogueChange::itemId)
                .toList();
    }
}
