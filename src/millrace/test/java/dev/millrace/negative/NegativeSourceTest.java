package dev.millrace.negative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.batch.BatchSettings;
import dev.millrace.batch.Batcher;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.model.Scenes;
import dev.millrace.popularity.PopularitySettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NegativeSourceTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long FIVE_DAYS = 5 * 86_400_000L;

    @Test
    void kindsComeInTheirOrderAndAreCounted() {
        Source source = new Source(Map.of(
                "batch.negatives",
                "3",
                "negatives.popularity",
                "4",
                "negatives.memory",
                "5",
                "negatives.hard-rule",
                "2"));
        source.fill(1);
        source.batcher.close();
        source.fill(2);

        MiniBatch batch = source.batcher.close();

        assertThat(batch.uniformNegatives()).isEqualTo(3);
        assertThat(batch.draws().byWeight()).isEqualTo(4);
        assertThat(batch.draws().fromMemory()).isEqualTo(5);
        assertThat(batch.negatives()).hasSize(12);
        assertThat(batch.draws().weightedLogProbability())
                .hasSize(batch.examples().size() + 12);
        // the last five positives of the batch before, latest first
        assertThat(batch.negatives().subList(7, 12)).isEqualTo(source.latest(1).subList(0, 5));
    }

    @Test
    void hardNegativesShareTheValueAndAreNotTheItemItself() {
        Source source = new Source(Map.of("negatives.hard-rule", "3", "batch.negatives", "0"));
        source.fill(1);

        MiniBatch batch = source.batcher.close();

        assertThat(batch.draws().hard()).isNotEmpty();
        for (int pair = 0; pair < batch.draws().hard().size(); pair++) {
            String own = batch.examples().get(batch.draws().hardOwners()[pair]).item();
            String hard = batch.draws().hard().get(pair);
            assertThat(hard).isNotEqualTo(own);
            assertThat(source.category(hard)).isEqualTo(source.category(own));
        }
        assertThat(batch.draws().hardOwners()).isSorted();
    }

    @Test
    void memoryWarmsUpAndForgetsWhatLeftTheCatalogue() {
        Source source =
                new Source(Map.of("negatives.memory", "8", "negatives.memory.from-step", "3", "batch.negatives", "0"));
        source.fill(1);
        source.batcher.close();
        source.fill(2);
        MiniBatch second = source.batcher.close();
        String gone = source.latest(2).get(0);
        source.fill(3);
        source.batcher.change(new CatalogueChange.Removal(gone, TIME));

        MiniBatch third = source.batcher.close();

        assertThat(second.draws().fromMemory()).isZero();
        assertThat(third.draws().fromMemory()).isPositive();
        assertThat(third.negatives()).doesNotContain(gone);
    }

    @ParameterizedTest
    @ValueSource(strings = {"decayed", "running", "intervals", "count-min", "hashed intervals"})
    void aFollowerDrawsAsTheBatcherDid(String estimator) {
        boolean isShared = estimator.equals("count-min") || estimator.equals("hashed intervals");
        Map<String, String> settings = Map.of(
                "popularity.estimator", estimator.equals("hashed intervals") ? "intervals" : estimator,
                "popularity.hashes", isShared ? "3" : "0",
                "popularity.buckets", "64",
                "popularity.half-life", "50",
                "batch.negatives", "3",
                "negatives.popularity", isShared ? "0" : "4",
                "negatives.memory", "5",
                "negatives.hard-rule", "2",
                "catalogue.expire-after", "30d", // items that no producer announced leave by age, and beyond a number
                "catalogue.max-unannounced", "4");
        Source live = new Source(settings);
        Source follower = new Source(settings);
        Source restored = new Source(settings);
        for (int step = 1; step <= 40; step++) {
            live.fill(step);
            follower.batcher.follow(live.batcher.close());
            if (step % 7 == 0) {
                live.store();
            }
        }
        live.store();
        follower.store();
        List<byte[]> keys = new ArrayList<>(live.stored.keySet());
        Collections.shuffle(keys, new Random(3));
        keys.forEach(key -> (key[0] == 'C' ? restored.catalogue : (Durable) restored.batcher)
                .restore(key, live.stored.getOrDefault(key, new byte[0])));

        long unannounced = 0;
        assertThat(follower.function()).isEqualTo(live.function());
        for (int step = 41; step <= 60; step++) {
            live.fill(step);
            follower.fill(step);
            restored.fill(step);
            MiniBatch expected = live.batcher.close();
            unannounced += expected.catalogue().stream()
                    .filter(change -> !change.isAnnounced() && change.isRemoval())
                    .count();
            assertThat(follower.batcher.close()).usingRecursiveComparison().isEqualTo(expected);
            assertThat(restored.batcher.close()).usingRecursiveComparison().isEqualTo(expected);
        }
        assertThat(unannounced).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "8", "20"})
    void aMemoryOfAnotherSizeGoesOnFromWhatItCanPlace(String size) {
        Source live = new Source(Map.of("negatives.memory", "8", "batch.negatives", "0"));
        for (int step = 1; step <= 5; step++) {
            live.fill(step);
            live.batcher.close();
        }
        live.store();
        Source restored = new Source(Map.of("negatives.memory", size, "batch.negatives", "0"));
        restored.take(live);

        restored.fill(6);
        MiniBatch first = restored.batcher.close();
        restored.fill(7);
        restored.batcher.close();
        restored.fill(8);
        MiniBatch third = restored.batcher.close();
        restored.store();

        // the positives of steps 6 and 7 fill it, whatever it was
        assertThat(first.draws().fromMemory()).isLessThanOrEqualTo(Math.min(8, Integer.parseInt(size)));
        List<String> latest = new ArrayList<>(restored.latest(7));
        latest.addAll(restored.latest(6));
        assertThat(third.negatives()).isNotEmpty();
        assertThat(latest).containsSubsequence(third.negatives()); // some left the catalogue since
        // a place an item, and the running number: what the other size stored is gone
        assertThat(restored.stored.keySet().stream().filter(Source::isOfMemory).count())
                .isLessThanOrEqualTo(Integer.parseInt(size) + 1L);
    }

    @Test
    void anItemThatLeftIsKeptNowhere() {
        Source source = new Source(Map.of("negatives.memory", "8", "batch.negatives", "0"));
        source.fill(1);
        source.batcher.close();
        source.store();
        String gone = source.latest(1).get(0);
        assertThat(source.namesInMemory(gone)).isTrue();

        source.batcher.change(new CatalogueChange.Removal(gone, TIME));
        source.batcher.close();
        source.store();

        assertThat(source.namesInMemory(gone)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"intervals", "count-min"})
    void countsOfAnEstimatorOfAnotherFormAreRefused(String other) {
        Source decayed = new Source(Map.of("popularity.estimator", "decayed"));
        decayed.fill(1);
        decayed.batcher.close();
        decayed.store();
        Source running = new Source(Map.of("popularity.estimator", "running"));
        String hashes = other.equals("intervals") ? "0" : "3";
        Source restored = new Source(Map.of("popularity.estimator", other, "popularity.hashes", hashes));

        running.take(decayed); // counts as well

        assertThatThrownBy(() -> restored.take(decayed))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("of the form a count an item")
                .hasMessageContaining("popularity.estimator");
    }

    @Test
    void popularityThatItemsShareIsRefusedToDrawFrom() {
        SettingsReader reader = new SettingsReader(
                Map.of("popularity.estimator", "count-min", "popularity.hashes", "4", "negatives.popularity", "8"));
        BatchSettings.read(reader);
        SettingsReader withoutHashes = new SettingsReader(Map.of("popularity.estimator", "count-min"));
        PopularitySettings.read(withoutHashes);

        assertThatThrownBy(reader::finish)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("negatives.popularity = 8: must be 0 where items share");
        assertThatThrownBy(withoutHashes::finish)
                .hasMessageContaining(
                        "popularity.hashes = 0: must be at least 1 with popularity.estimator = count-min");
    }

    @ParameterizedTest
    @CsvSource({"decayed, 0, 5", "running, 0, 5", "intervals, 0, 5", "intervals, 3, 0", "count-min, 3, 0"})
    void halfAreDrawnByPopularityByDefault(String estimator, String hashes, int popular) {
        SettingsReader reader = new SettingsReader(
                Map.of("popularity.estimator", estimator, "popularity.hashes", hashes, "batch.negatives", "5"));

        NegativeSettings negatives = BatchSettings.read(reader).negatives();

        reader.finish();
        assertThat(negatives.uniform()).isEqualTo(5);
        assertThat(negatives.popular()).isEqualTo(popular);
    }

    /** A batcher over a catalogue that changes, and what it stored. */
    private static final class Source {
        final Catalogue catalogue = new Catalogue('C');
        final Batcher batcher;
        final Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        private final Map<Integer, List<String>> items = new HashMap<>();

        Source(Map<String, String> given) {
            batcher = new Batcher(BatchSettings.read(new SettingsReader(given)), catalogue, 'O', 'P');
        }

        void fill(int step) {
            Random random = new Random(step);
            for (int at = 0; at < 6; at++) {
                String item = "i" + random.nextInt(30);
                Features features = Features.of(Map.of("category", new FeatureValue.Category("c" + random.nextInt(4))));
                if (random.nextInt(5) == 0 && step > 5) {
                    batcher.change(new CatalogueChange.Removal(item, TIME));
                } else {
                    batcher.change(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, features)));
                }
            }
            List<String> added = new ArrayList<>();
            for (int at = 0; at < 10; at++) {
                String item = "i" + random.nextInt(30);
                if (!batcher.isRemoved(item)) {
                    added.add(item);
                    batcher.add(Scenes.click("ann", item, TIME + step * FIVE_DAYS));
                }
            }
            if (step > 10) { // an item that no producer announces
                batcher.add(Scenes.click("ann", "x" + random.nextInt(40), TIME + step * FIVE_DAYS));
            }
            items.put(step, added);
        }

        /** The items of a step's examples, latest first. */
        List<String> latest(int step) {
            List<String> latest = new ArrayList<>(items.getOrDefault(step, List.of()));
            Collections.reverse(latest);
            return latest;
        }

        /** Restores what another stored, in the order of the keys, as a store hands it out. */
        void take(Source other) {
            stored.putAll(other.stored);
            other.stored.forEach((key, value) -> (key[0] == 'C' ? catalogue : (Durable) batcher).restore(key, value));
        }

        static boolean isOfMemory(byte[] key) {
            return key.length == 7 && key[0] == 'P' && key[1] == 0 && key[2] == 'm';
        }

        boolean namesInMemory(String item) {
            return stored.entrySet().stream()
                    .filter(entry -> isOfMemory(entry.getKey()) && entry.getKey()[3] == 0) // not the running number
                    .anyMatch(entry -> new String(entry.getValue(), StandardCharsets.UTF_8).endsWith(item));
        }

        String category(String item) {
            return catalogue.features(item).value("category").orElseThrow().toString();
        }

        void store() {
            EntrySink sink = EntrySink.into(stored);
            batcher.drainDirty(sink);
            catalogue.drainDirty(sink);
        }

        /** What is a function of the log: catalogue, popularity and memory. */
        Map<String, String> function() {
            Map<String, String> shown = new TreeMap<>();
            stored.forEach((key, value) -> {
                if (key[0] != 'O') {
                    shown.put(Arrays.toString(key), Arrays.toString(value));
                }
            });
            return shown;
        }
    }
}
