package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.UserFeatures;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.EntrySink;
import dev.millrace.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ready configurations of towers, on events in which a user clicks items of one kind. */
@Tag("slow")
class TowerConfigurationsTest {

    private static final int ITEMS = 60;
    private static final int KINDS = 4;
    private static final int STEPS = 300;
    private static final long TIME = 1_700_000_000_000L;

    @ParameterizedTest
    @CsvSource({
        "kuairand, towers/senet, 64",
        "kuairand, kuairand/parallel, 192",
        "kuairand, towers/cross, 128",
        "kuairand, towers/shared-bottom, 128",
        "movielens, movielens/parallel, 192",
        "movielens, towers/youtube-dnn, 64"
    })
    void loadsLearnsAndPublishes(String base, String towers, int width) {
        MillraceSettings settings = MillraceSettings.load(
                List.of(Path.of("config", base + ".properties"), Path.of("config", towers + ".properties")),
                Map.of(),
                Map.of(),
                Map.of(
                        "batch.size", "24",
                        "batch.negatives", "24",
                        "negatives.popularity", "0",
                        "loss.smoothing", "0",
                        "features.user.history.pooling", "mean",
                        "optimiser.rows.learning-rate", "0.1",
                        "publish.max-age.steps", "1"));
        List<FeatureSpec> user = settings.trainer().model().user();
        List<FeatureSpec> item = settings.trainer().model().item();
        Random random = new Random(3);
        List<Double> losses = new ArrayList<>();
        Trainer trainer = new Trainer(settings.trainer());
        for (int number = 0; number < ITEMS; number++) {
            trainer.change(new CatalogueChange.Upsert(
                    new CatalogueItem("i" + number, TIME, features(item, number % KINDS, random))));
        }

        while (losses.size() < STEPS) {
            trainer.add(example(user, losses.size(), random));
            if (trainer.isBatchReady()) {
                losses.add(trainer.learn(trainer.closeBatch())
                        .learnt()
                        .orElseThrow()
                        .loss());
            }
        }

        // of 48 candidates who knows nothing guesses one, log 48 = 3.9; a quarter is of the user's kind, log 12 =
        // 2.5
        assertThat(losses.get(0)).isGreaterThan(3);
        assertThat(mean(losses.subList(STEPS - 50, STEPS))).isLessThan(2.6);
        assertThat(trainer.publish()).hasSize(ITEMS).allSatisfy(embedding -> {
            List<Double> squares = squares(embedding);
            assertThat(squares).hasSize(width);
            assertThat(sum(squares)).isCloseTo(1, within(1e-5));
        });
        assertThat(trainer.withheld()).isEmpty();
        trainer.drainDirty(new Entries());
        boolean isWeighted = towers.equals("towers/senet");
        assertThat(trainer.progress().fieldWeights()).hasSize(isWeighted ? user.size() + item.size() : 0);
        assertThat(trainer.progress().fieldWeights().values())
                .allSatisfy(weight -> assertThat(weight).isBetween(0.0, 2.0).isNotEqualTo(1.0));
    }

    @Test
    void fieldWeightsSurviveARestart() {
        MillraceSettings settings = MillraceSettings.load(
                List.of(Path.of("config/towers/senet.properties")), Map.of(), Map.of(), Map.of("batch.size", "24"));
        Random random = new Random(3);
        Entries entries = new Entries();
        Trainer trainer = new Trainer(settings.trainer());
        Trainer restored = new Trainer(settings.trainer());
        while (!trainer.isBatchReady()) {
            trainer.add(example(settings.trainer().model().user(), 0, random));
        }
        trainer.learn(trainer.closeBatch());
        trainer.publish();
        trainer.drainDirty(entries);

        entries.held.forEach(restored::restore);

        assertThat(restored.progress().fieldWeights())
                .isEqualTo(trainer.progress().fieldWeights())
                .containsKeys("user.user", "user.history", "item.item");
    }

    private static TrainingExample example(List<FeatureSpec> features, int step, Random random) {
        int kind = random.nextInt(KINDS);
        List<String> history = new ArrayList<>();
        for (int at = 0; at < 5; at++) {
            history.add(item(kind, random));
        }
        UserFeatures user = new UserFeatures(
                "u" + kind + "-" + random.nextInt(10), TIME, features(features, kind, random), history);
        return new TrainingExample(
                "e" + random.nextLong(),
                user,
                features(features, kind, random),
                item(kind, random),
                "click",
                1,
                TIME + step * 60_000L,
                0);
    }

    private static String item(int kind, Random random) {
        return "i" + (random.nextInt(ITEMS / KINDS) * KINDS + kind);
    }

    private static Features features(List<FeatureSpec> specs, int kind, Random random) {
        Map<String, FeatureValue> values = new HashMap<>();
        for (FeatureSpec spec : specs) {
            switch (spec.kind()) {
                case CATEGORICAL, TEXT -> values.put(spec.name(), new FeatureValue.Category("k" + kind));
                case BAG -> values.put(spec.name(), new FeatureValue.Bag(List.of("k" + kind, "x" + random.nextInt(9))));
                case NUMERIC -> values.put(spec.name(), new FeatureValue.Quantity(random.nextInt(9)));
                case ID, AGE, VECTOR -> {}
            }
        }
        return Features.of(values);
    }

    private static List<Double> squares(ItemEmbedding embedding) {
        List<Double> squares = new ArrayList<>();
        for (float component : embedding.vector().orElseThrow()) {
            squares.add((double) component * component);
        }
        return squares;
    }

    private static double sum(List<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).sum();
    }

    private static double mean(List<Double> numbers) {
        return sum(numbers) / numbers.size();
    }

    /** What a store would hold. */
    private static final class Entries implements EntrySink {
        private final TreeMap<byte[], byte[]> held = new TreeMap<>(Arrays::compareUnsigned);

        @Override
        public void put(byte[] key, byte[] value) {
            held.put(key, value);
        }

        @Override
        public void delete(byte[] key) {
            held.remove(key);
        }
    }
}
