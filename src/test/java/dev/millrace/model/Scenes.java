package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.MiniBatch;
import dev.millrace.batch.NegativeDraws;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntryDigest;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small seeded catalogues, settings and mini-batches that use every kind of feature. */
final class Scenes {

    static final int ITEMS = 30;
    static final int DIM = 8;
    static final long TIME = 1_700_000_000_000L;

    private Scenes() {}

    /** Digest of all that a model is. */
    static byte[] digest(TwoTower model) {
        EntryDigest digest = new EntryDigest();
        model.copyTo(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                digest.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                throw new IllegalStateException("a copy deletes nothing");
            }
        });
        return digest.digest();
    }

    /** Settings that declare every kind of feature; {@code extra} are key, value, key, value … */
    static ModelSettings settings(String... extra) {
        Map<String, String> given = new HashMap<>(Map.ofEntries(
                Map.entry("tower.dim", "" + DIM),
                Map.entry("tower.user.hidden", "12,10"),
                Map.entry("tower.item.hidden", "9"),
                Map.entry("tower.row-scale", "0.5"),
                Map.entry("features.user", "user,history,city,tastes,age,picture,hour"),
                Map.entry("features.user.city.dim", "5"),
                Map.entry("features.user.tastes.kind", "bag"),
                Map.entry("features.user.age.kind", "numeric"),
                Map.entry("features.user.picture.kind", "vector"),
                Map.entry("features.user.picture.dim", "3"),
                Map.entry("features.user.hour.source", "context"),
                Map.entry("features.item", "item,maker,tags,price"),
                Map.entry("features.item.maker.dim", "4"),
                Map.entry("features.item.tags.kind", "bag"),
                Map.entry("features.item.tags.table", "user.tastes"),
                Map.entry("features.item.price.kind", "numeric"),
                Map.entry("features.user.history.max-values", "4")));
        for (int at = 0; at < extra.length; at += 2) {
            given.put(extra[at], extra[at + 1]);
        }
        SettingsReader reader = new SettingsReader(given);
        ModelSettings settings = ModelSettings.read(reader);
        reader.finish();
        return settings;
    }

    /** Only ids and histories. */
    static ModelSettings plainSettings(String... extra) {
        Map<String, String> given = new HashMap<>(Map.of("tower.dim", "" + DIM));
        for (int at = 0; at < extra.length; at += 2) {
            given.put(extra[at], extra[at + 1]);
        }
        SettingsReader reader = new SettingsReader(given);
        ModelSettings settings = ModelSettings.read(reader);
        reader.finish();
        return settings;
    }

    static Catalogue catalogue() {
        Catalogue catalogue = new Catalogue('c');
        Random random = new Random(5);
        for (int item = 0; item < ITEMS; item++) {
            Map<String, FeatureValue> features = new HashMap<>();
            if (item % 5 != 0) {
                features.put("maker", new FeatureValue.Category("m" + random.nextInt(4)));
            }
            features.put("tags", new FeatureValue.Bag(List.of("t" + random.nextInt(5), "t" + random.nextInt(5))));
            features.put("price", new FeatureValue.Quantity(random.nextInt(100)));
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + item, TIME, Features.of(features))));
        }
        return catalogue;
    }

    static UserFeatures user(Random random) {
        Map<String, FeatureValue> features = new HashMap<>();
        if (random.nextBoolean()) {
            features.put("city", new FeatureValue.Category("c" + random.nextInt(3)));
        }
        features.put("tastes", new FeatureValue.Bag(List.of("t" + random.nextInt(5), "t" + random.nextInt(5))));
        if (random.nextInt(4) > 0) {
            features.put("age", new FeatureValue.Quantity(18 + random.nextInt(50)));
        }
        features.put("picture", new FeatureValue.Dense(List.of(random.nextFloat(), random.nextFloat(), (float)
                random.nextGaussian())));
        List<String> history = new ArrayList<>();
        for (int at = random.nextInt(6); at > 0; at--) {
            history.add("i" + random.nextInt(ITEMS));
        }
        return new UserFeatures("u" + random.nextInt(20), TIME, Features.of(features), history);
    }

    static Features context(Random random) {
        return Features.of(Map.of("hour", new FeatureValue.Quantity(random.nextInt(3))));
    }

    /** A batch with repeated items, weights, and negatives of which some are positives too. */
    static MiniBatch batch(long step, int examples, int negatives) {
        Random random = new Random(1000 + step);
        List<TrainingExample> list = new ArrayList<>();
        float[] logProbability = new float[examples];
        for (int at = 0; at < examples; at++) {
            int item = random.nextInt(3) == 0 ? random.nextInt(3) : random.nextInt(ITEMS);
            list.add(new TrainingExample(
                    "e" + step + "-" + at,
                    user(random),
                    context(random),
                    "i" + item,
                    "click",
                    0.5 + random.nextDouble(),
                    TIME,
                    0));
            logProbability[at] = logProbability(item);
        }
        List<String> drawn = new ArrayList<>();
        float[] negativeLogProbability = new float[negatives];
        for (int at = 0; at < negatives; at++) {
            int item = random.nextInt(ITEMS);
            drawn.add("i" + item);
            negativeLogProbability[at] = logProbability(item);
        }
        return new MiniBatch(step, step, List.of(), list, logProbability, drawn, negativeLogProbability, ITEMS);
    }

    /** The same with negatives of every kind: a third each uniform, by popularity and from memory, and hard ones of some examples. */
    static MiniBatch mixedBatch(long step, int examples, int negatives) {
        MiniBatch batch = batch(step, examples, negatives);
        Random random = new Random(2000 + step);
        float[] power = new float[examples + negatives];
        for (int at = 0; at < power.length; at++) {
            float own = at < examples ? batch.logProbability()[at] : batch.negativeLogProbability()[at - examples];
            power[at] = 0.75f * own - 0.6f; // of the size of a probability, and another for each item
        }
        List<String> hard = new ArrayList<>();
        List<Integer> owners = new ArrayList<>();
        for (int at = 0; at < examples; at++) {
            for (int pair = random.nextInt(3); pair > 0; pair--) {
                hard.add("i" + random.nextInt(ITEMS));
                owners.add(at);
            }
        }
        List<TrainingExample> exposed = new ArrayList<>();
        for (int at = 0; at < examples / 4; at++) {
            exposed.add(new TrainingExample(
                    "x" + step + "-" + at,
                    user(random),
                    context(random),
                    "i" + random.nextInt(ITEMS),
                    "",
                    1,
                    TIME,
                    0,
                    false));
        }
        return new MiniBatch(
                step,
                step,
                List.of(),
                batch.examples(),
                batch.logProbability(),
                batch.negatives(),
                batch.negativeLogProbability(),
                ITEMS,
                List.of(),
                new NegativeDraws(
                        negatives / 3,
                        negatives / 3,
                        negatives < 3 ? new float[0] : power,
                        hard,
                        owners.stream().mapToInt(owner -> owner).toArray()),
                exposed);
    }

    private static float logProbability(int item) {
        return (float) Math.log((item < 3 ? 0.12 : 0.02) + 0.0005 * item);
    }
}
