package dev.millrace.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.Scenes;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.settings.SettingsReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An example of a weight below 1 counts as a positive for others with the probability of its weight. */
class CountedExamplesTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int SIZE = 100;

    @Test
    void anExampleCountsWithTheProbabilityOfItsWeight() {
        double counted = 0;
        for (MiniBatch batch : batches(batcher(Map.of()), 100, .3)) {
            counted += batch.counted().size();
        }

        // 10,000 draws of probability .3: the standard deviation is 46
        assertThat(counted).isBetween(3000 - 5 * 46.0, 3000 + 5 * 46.0);
    }

    @Test
    void aWeightOfOneOrMoreAlwaysCounts() {
        for (MiniBatch batch : batches(batcher(Map.of()), 3, 1)) {
            assertThat(batch.counted()).isEqualTo(batch.examples());
        }
        for (MiniBatch batch : batches(batcher(Map.of()), 3, 7)) {
            assertThat(batch.counted()).isEqualTo(batch.examples());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"decayed", "running", "intervals", "count-min", "intervals of 2"})
    void whatHardlyCountsIsHardlyPopular(String estimator) {
        Map<String, String> settings =
                new TreeMap<>(Map.of("popularity.estimator", estimator.split(" ")[0]));
        if (estimator.equals("count-min") || estimator.endsWith("2")) {
            settings.put("popularity.hashes", "2");
        }
        double before = last(batches(batcher(settings), 50, 1)).logProbability()[0];
        double after = last(batches(batcher(settings), 50, 1e-6)).logProbability()[0];

        assertThat(after).isLessThan(before - .4);
    }

    @Test
    void itIsNoNegativeFromMemoryOrByPopularity() {
        Map<String, String> settings = Map.of("negatives.memory", "20", "negatives.popularity", "20");

        MiniBatch whole = last(batches(batcher(settings), 50, 1));
        MiniBatch least = last(batches(batcher(settings), 50, 1e-6));

        assertThat(whole.negatives()).contains("spam");
        assertThat(least.negatives().stream().filter("spam"::equals).count())
                .isLessThanOrEqualTo(1); // by the floor alone
    }

    @Test
    void itHardlyCountsInThePopularityTerm() {
        Catalogue catalogue = new Catalogue('C');
        FastPopularity popularity = new FastPopularity(
                FastPopularity.Settings.read(new SettingsReader(Map.of("popularity.fast.half-life", "6h"))),
                'F',
                catalogue);

        Batcher batcher = batcher(Map.of(), catalogue);
        for (int batch = 0; batch < 50; batch++) { // each is counted while the catalogue is that of it
            popularity.observe(last(batches(batcher, 1, 1e-6)).counted());
        }

        assertThat(popularity.number(catalogue.number("spam").orElseThrow(), TIME, 0))
                .isZero();
        assertThat(popularity.number(catalogue.number("i7").orElseThrow(), TIME, 0))
                .isPositive();
    }

    /** Batches, half of "spam" of that weight, half of other items of weight 1 unless all are to be of one weight. */
    private static List<MiniBatch> batches(Batcher batcher, int count, double weight) {
        List<MiniBatch> batches = new ArrayList<>();
        for (int batch = 0; batch < count; batch++) {
            fill(batcher, weight);
            batches.add(batcher.close());
        }
        return batches;
    }

    private static void fill(Batcher batcher, double weight) {
        boolean isSpam = weight < .1;
        IntStream.range(0, SIZE).forEach(at -> {
            boolean isOther = at % 2 == 1;
            TrainingExample click = Scenes.click("ann", isOther ? "i" + at : "spam", TIME);
            batcher.add(isOther && isSpam ? click : Scenes.weighing(weight, click));
        });
    }

    private static MiniBatch last(List<MiniBatch> batches) {
        return batches.get(batches.size() - 1);
    }

    private static Batcher batcher(Map<String, String> settings) {
        return batcher(settings, new Catalogue('C'));
    }

    private static Batcher batcher(Map<String, String> settings, Catalogue catalogue) {
        Map<String, String> all = new TreeMap<>(Map.of("batch.size", "100", "batch.negatives", "0"));
        all.putAll(settings);
        Batcher batcher = new Batcher(BatchSettings.read(new SettingsReader(all)), catalogue, 'O', 'P');
        batcher.change(new CatalogueChange.Upsert(new CatalogueItem("spam", TIME, Features.NONE)));
        return batcher;
    }
}
