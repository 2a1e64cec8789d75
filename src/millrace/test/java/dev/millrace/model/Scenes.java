package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.negative.NegativeDraws;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntryDigest;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.provider.Arguments;

/** Small seeded catalogues, settings and mini-batches that use every kind of feature. */
public final class Scenes {

    static final int ITEMS = 30;
    public static final int DIM = 8;
    public static final long TIME = 1_700_000_000_000L;

    /** Settings of Adam for networks and rows; a large epsilon, as with a small one a step is the sign of a gradient near 0. */
    static final String ADAM = "optimiser.dense.kind=adam optimiser.dense.adam.epsilon=0.01 optimiser.rows.kind=adam"
            + " optimiser.rows.adam.epsilon=0.01";

    /** Settings of FTRL-proximal for networks and rows, with penalties that make some weights 0. */
    static final String FTRL = "optimiser.dense.kind=ftrl optimiser.dense.ftrl.l1=0.003 optimiser.dense.ftrl.l2=0.1"
            + " optimiser.rows.kind=ftrl optimiser.rows.ftrl.l1=0.003 optimiser.rows.ftrl.l2=0.1";

    /** Settings of SGD for networks, with momentum, and rows. */
    static final String SGD = "optimiser.dense.kind=sgd optimiser.dense.sgd.momentum=0.9 optimiser.rows.kind=sgd";

    /** A channel for each action that the batches have, and one for all. */
    static final String OBJECTIVES =
            "attribution.actions=click,like tower.channels=all,click,like tower.shared-bottom=7"
                    + " tower.channel.all.weight=0.5 tower.channel.click.actions=click"
                    + " tower.channel.like.actions=like tower.channel.like.weight=0"
                    + " loss.objective.like.weight=2.5";

    /** A history of every kind of item feature that can have one. Some items have no maker or look. */
    static final String HISTORIES = "features.item=item,maker,tags,price,title,look features.item.title.kind=text"
            + " features.item.look.kind=vector features.item.look.dim=3"
            + " features.user=user,history,city,tastes,age,picture,hour,history.maker,history.tags,history.title,history.look"
            + " features.user.history.maker.pooling=mean features.user.history.title.pooling=recency"
            + " features.user.history.look.max-values=3";

    private Scenes() {}

    /** A declaration of every kind of network: its name, and its settings. */
    static List<Arguments> towers() {
        return List.of(
                Arguments.of("mlp", ""),
                Arguments.of("cross", "tower.channels=cross tower.cross.depth=3"),
                Arguments.of("fm", "tower.channels=fm"),
                Arguments.of("no skip path", "tower.skip=false"),
                Arguments.of("leaky mlp", "tower.activation=leaky-relu"),
                Arguments.of("tanh mlp", "tower.activation=tanh"),
                Arguments.of("gelu mlp", "tower.activation=gelu"),
                Arguments.of("senet", "tower.user.senet=true tower.item.senet=true"),
                Arguments.of(
                        "senet of relu, on one side",
                        "tower.item.senet=true tower.senet.activation=relu tower.senet.hidden-activation=tanh"
                                + " tower.senet.reduction=1"),
                Arguments.of(
                        "parallel",
                        "tower.channels=mlp,cross,fm tower.channel.cross.weight=2 tower.channel.fm.weight=0.5"
                                + " tower.user.senet=true"),
                Arguments.of("objectives", OBJECTIVES),
                Arguments.of("objectives by uncertainty", OBJECTIVES + " loss.objectives.learned=true"),
                Arguments.of("shared bottom", "tower.channels=click,like,fm tower.shared-bottom=11,7"));
    }

    /** The same, and one of every kind of feature that {@link #settings} does not have by default. */
    static List<Arguments> towersAndFeatures() {
        List<Arguments> all = new ArrayList<>(towers());
        all.addAll(List.of(
                Arguments.of("recency", "features.user.history.pooling=recency features.user.history.decay=0.7"),
                Arguments.of("positions", "features.user.history.pooling=positions features.user.history.decay=0.7"),
                Arguments.of("attention", "features.user.history.pooling=attention"),
                Arguments.of("histories of features", HISTORIES),
                Arguments.of(
                        "histories of features, by attention",
                        HISTORIES + " features.user.history.tags.pooling=attention"
                                + " features.user.history.look.pooling=attention"),
                Arguments.of(
                        "text and age",
                        "features.item=item,maker,tags,price,title,age features.item.title.kind=text"
                                + " features.item.title.words=2 features.item.title.characters=3"
                                + " features.item.age.kind=age features.item.age.dim=3"),
                Arguments.of(
                        "hashed text",
                        "features.item=item,maker,tags,price,title features.item.title.kind=text"
                                + " features.item.title.dim=5 features.item.title.buckets=4")));
        return all;
    }

    /** [length] Normal numbers. */
    public static float[] numbers(int length, long seed) {
        Random random = new Random(seed);
        float[] numbers = new float[length];
        for (int at = 0; at < length; at++) {
            numbers[at] = (float) random.nextGaussian();
        }
        return numbers;
    }

    /** A click of a user of whom only the history is known. */
    public static TrainingExample click(String user, String item, long time, String... history) {
        UserFeatures asker = new UserFeatures(user, time, Features.NONE, List.of(history));
        return new TrainingExample("e", asker, Features.NONE, item, "click", 1, time, 0);
    }

    /** The example, but its user passed items by. */
    public static TrainingExample passing(List<String> items, TrainingExample of) {
        UserFeatures user = of.user();
        Features passed = Features.of(Map.of(UserFeatures.PASSED, new FeatureValue.Bag(items)));
        return with(of, new UserFeatures(user.user(), user.time(), passed, user.history()), of.weight());
    }

    /** The example, but of another weight. */
    public static TrainingExample weighing(double weight, TrainingExample of) {
        return with(of, of.user(), weight);
    }

    /** The example, but of another user and weight. */
    public static TrainingExample with(TrainingExample of, UserFeatures user, double weight) {
        return new TrainingExample(of.id(), user, of.context(), of.item(), of.action(), weight, of.time(), 0);
    }

    /** The batch with each of its examples replaced. */
    public static MiniBatch each(MiniBatch batch, UnaryOperator<TrainingExample> other) {
        return with(batch, batch.examples().stream().map(other).toList());
    }

    /** The batch with other examples in the places of its own. */
    static MiniBatch with(MiniBatch batch, List<TrainingExample> examples) {
        return Batches.of(
                batch.step(),
                batch.seed(),
                batch.catalogue(),
                examples,
                batch.logProbability(),
                batch.negatives(),
                batch.negativeLogProbability(),
                batch.catalogueSize());
    }

    /** Digest of a model's entries. */
    public static byte[] digest(TwoTower model) {
        Map<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        EntrySink sink = EntrySink.into(entries);
        entries.put(ModelEntry.Kind.HEADER.key(), model.state().header());
        model.state().singles().forEach((kind, fields) -> {
            if (kind != ModelEntry.Kind.NETWORK_STEPS) { // stored only for rules that count them
                entries.put(kind.key(), fields.value());
            }
        });
        for (Tower tower : List.of(model.userTower(), model.itemTower())) {
            tower.inputs()
                    .fields()
                    .forEach(field -> entries.put(
                            ModelEntry.statistics(tower.side(), field.feature().name()),
                            new Fields()
                                    .number(field.mean())
                                    .number(field.deviation())
                                    .framed()));
            ModelState.putNetwork(tower, sink);
        }

        for (EmbeddingTable table : model.tables().values()) {
            table.forEachEntryFrom(new byte[0], (key, value) -> {
                entries.put(key, value);
                return true;
            });
        }
        EntryDigest digest = new EntryDigest();
        entries.forEach(digest::put);
        return digest.digest();
    }

    /** Settings that declare every kind of feature, and others: {@code key=value key=value …}. */
    public static ModelSettings settings(String... others) {
        return plainSettings("tower.user.hidden=12,10 tower.item.hidden=9 tower.row-scale=0.5"
                + " features.user=user,history,city,tastes,age,picture,hour features.user.city.dim=5"
                + " features.user.tastes.kind=bag features.user.age.kind=numeric"
                + " features.user.picture.kind=vector features.user.picture.dim=3"
                + " features.user.hour.source=context features.user.history.max-values=4"
                + " features.item=item,maker,tags,price features.item.maker.dim=4 features.item.tags.kind=bag"
                + " features.item.tags.table=user.tastes features.item.price.kind=numeric "
                + String.join(" ", others));
    }

    /** Only ids and histories. */
    public static ModelSettings plainSettings(String... others) {
        Map<String, String> given = new HashMap<>(Map.of("tower.dim", "" + DIM));
        for (String setting : String.join(" ", others).strip().split(" +")) {
            String[] parts = setting.split("=", 2);
            if (parts.length == 2) {
                given.put(parts[0], parts[1]);
            }
        }
        SettingsReader reader = new SettingsReader(given);
        ModelSettings settings = ModelSettings.read(reader);
        reader.finish();
        return settings;
    }

    public static Catalogue catalogue() {
        Catalogue catalogue = new Catalogue('c');
        Random random = new Random(5);
        for (int item = 0; item < ITEMS; item++) {
            Map<String, FeatureValue> features = new HashMap<>();
            if (item % 5 != 0) {
                features.put("maker", new FeatureValue.Category("m" + random.nextInt(4)));
            }
            features.put("tags", new FeatureValue.Bag(List.of("t" + random.nextInt(5), "t" + random.nextInt(5))));
            features.put("price", new FeatureValue.Quantity(random.nextInt(100)));
            if (item % 3 != 0) {
                features.put("look", new FeatureValue.Dense(List.of(item / 10f, 1f, -item / 7f)));
            }
            features.put("title", new FeatureValue.Category("Mill " + (item % 3) + ", the Race" + (item % 4)));
            long appeared = TIME - (long) item * item * 600_000; // up to 145 hours ago
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + item, appeared, Features.of(features))));
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

    /** A batch with repeated items, weights, and negatives; some negatives are positives too. */
    public static MiniBatch batch(long step, int examples, int negatives) {
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
                    at % 3 == 2 ? "like" : "click",
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
        return Batches.of(step, step, List.of(), list, logProbability, drawn, negativeLogProbability, ITEMS);
    }

    /** The same with negatives of every kind: a third each uniform, by popularity and from memory, and hard ones of some examples. */
    public static MiniBatch mixedBatch(long step, int examples, int negatives) {
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
                    at % 4 == 1 ? batch.examples().get(at).item() : "i" + random.nextInt(ITEMS),
                    at % 2 == 0 ? "" : "hide",
                    1 + 2 * (at % 2),
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
                exposed,
                List.of());
    }

    private static float logProbability(int item) {
        return (float) Math.log((item < 3 ? 0.12 : 0.02) + 0.0005 * item);
    }
}
