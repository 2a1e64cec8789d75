package dev.millrace.model;

import dev.millrace.batch.NegativeSettings;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.feature.Pooling;
import dev.millrace.feature.TextGrams;
import dev.millrace.model.loss.LearnedTemperature;
import dev.millrace.model.loss.LossForm;
import dev.millrace.model.loss.NegativeRules;
import dev.millrace.model.loss.ObjectiveSettings;
import dev.millrace.model.network.TowerSettings;
import dev.millrace.model.table.DescentSettings;
import dev.millrace.model.table.LearningRateSchedule;
import dev.millrace.model.table.OptimiserRule;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Sha256;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The model as declared.
 *
 * @param seed of every initial weight
 * @param generation names the lineage of weights; raised to start anew
 * @param dim width of a channel of the published vectors
 * @param user inputs of the user tower: sources user, context, history
 * @param item inputs of the item tower: source item
 * @param towers shapes of the networks
 * @param loss what a step minimises
 * @param optimiser how a step moves the weights
 * @param tables which keys have rows
 */
public record ModelSettings(
        long seed,
        String generation,
        int dim,
        List<FeatureSpec> user,
        List<FeatureSpec> item,
        TowerSettings towers,
        Loss loss,
        Optimiser optimiser,
        Tables tables) {

    /** Whether the estimated sampling probability is taken out of the logits. */
    public enum Correction {
        /** Every logit, the positive's too, loses log Q (Yi et al. 2019). */
        CLASSIC,
        /** The negatives' logits lose log Q, the positive, which is not drawn, is apart (arXiv 2507.09331). */
        YANDEX_2025,
        /** Nothing is taken out; the negative control. */
        NONE
    }

    /**
     * What a step minimises.
     *
     * @param temperature softmax temperature, in (0, 1]; smaller sharpens
     * @param correction whether log Q is subtracted
     * @param fullBatch examples of a full batch; a smaller one weighs as much less
     * @param popularityExponent b of the term b log p that the training logit carries
     * @param form which loss it is
     * @param learnedTemperature whether the temperature moves
     * @param negatives which candidates are negatives
     * @param objectives what the losses of the actions weigh
     */
    public record Loss(
            double temperature,
            Correction correction,
            int fullBatch,
            double popularityExponent,
            LossForm form,
            LearnedTemperature learnedTemperature,
            NegativeRules negatives,
            ObjectiveSettings objectives) {

        /** A softmax at a fixed temperature over all candidates. */
        public Loss(double temperature, Correction correction, int fullBatch, double popularityExponent) {
            this(
                    temperature,
                    correction,
                    fullBatch,
                    popularityExponent,
                    LossForm.SOFTMAX,
                    LearnedTemperature.FIXED,
                    NegativeRules.ALL_IN_BATCH,
                    ObjectiveSettings.NONE);
        }
    }

    /**
     * How a step moves the weights.
     *
     * @param dense of the networks: their gradients are clipped all together, their matrices are penalised
     * @param rows of the embedding rows: their gradients are clipped a row, those that a step reads are penalised
     * @param refuseGradientNorm a step is refused whose gradient, of the networks or of the rows, has a larger L2 norm; 0 never
     */
    public record Optimiser(Descent dense, Descent rows, double refuseGradientNorm) {}

    /**
     * How one kind of weights goes downhill.
     *
     * @param rule by which it follows the gradient
     * @param schedule of the rule's learning rate
     * @param maxGradientNorm L2 norm that a gradient is scaled down to; 0 never
     * @param l2 weight of half the squared norm, added to the loss; 0 for none
     */
    public record Descent(OptimiserRule rule, LearningRateSchedule schedule, double maxGradientNorm, double l2) {

        float learningRate(long step) {
            return (float) (rule.learningRate() * schedule.factor(step));
        }
    }

    /**
     * Which keys have rows.
     *
     * @param admitAfter steps that must have read a key before it gets a row
     * @param expireAfter event time after which a row that no step touched goes; 0 never
     * @param maxRows rows of a table, beyond which the one touched longest ago goes
     */
    public record Tables(int admitAfter, Duration expireAfter, int maxRows) {}

    private static final String USER = "user";
    private static final String ITEM = "item";
    private static final String HISTORY = "history";

    public ModelSettings {
        user = List.copyOf(user);
        item = List.copyOf(item);
    }

    public static ModelSettings read(SettingsReader reader) {
        int dim = reader.integer(
                "tower.dim",
                64,
                1,
                4096,
                "width of a channel's vectors; the published vectors have this many floats for each channel");
        List<FeatureSpec> user = features(
                reader,
                USER,
                dim,
                reader.names(
                        "features.user",
                        "user,history",
                        "inputs of the user tower, each described by features.user.<name>.*"));
        List<FeatureSpec> item = features(
                reader,
                ITEM,
                dim,
                reader.names(
                        "features.item", "item", "inputs of the item tower, each described by features.item.<name>.*"));
        checkTables(reader, user, item);
        TowerSettings towers = TowerSettings.read(reader, dim, user, item);
        String generation = reader.text(
                "model.generation",
                "g1",
                "name of the lineage of weights; a hash of the model's settings is appended; change it to start anew");
        reader.require(
                generation.matches("[a-zA-Z0-9._-]{1,100}"),
                "model.generation",
                generation,
                "must be 1 to 100 letters, digits, dots, underscores and dashes");
        return new ModelSettings(
                reader.longInteger("model.seed", 1, Long.MIN_VALUE, Long.MAX_VALUE, "seed of every initial weight"),
                generation,
                dim,
                user,
                item,
                towers,
                loss(reader, towers),
                optimiser(reader),
                tables(reader));
    }

    /** Floats of a published vector: all channels side by side. */
    public int width() {
        return dim * towers.channels().size();
    }

    /** The generation's full name: two models whose settings differ never share it. */
    public String generationName() {
        return generation + "-" + hash().substring(0, 8);
    }

    /** SHA-256 of all of these settings, in hexadecimal. */
    public String hash() {
        return Sha256.hex(toString());
    }

    private static Loss loss(SettingsReader reader, TowerSettings towers) {
        Loss loss = new Loss(
                reader.number("loss.temperature", 0.1, 0.001, 1, "softmax temperature"),
                reader.choice(
                        "loss.correction",
                        Correction.CLASSIC,
                        "whether log Q is subtracted: from every logit, from the negatives' with the positive apart, or not"),
                reader.integer("batch.size", 128, 2, 8192, "positives of a full batch"),
                reader.number("loss.popularity-exponent", 0, 0, 2, "b of the term b log p in the training logit"),
                LossForm.read(reader),
                LearnedTemperature.read(reader),
                NegativeRules.read(reader),
                ObjectiveSettings.read(reader, towers.actions()));
        boolean isSoftmax = loss.form.is(LossForm.Kind.SOFTMAX);
        reader.require(
                isSoftmax || loss.correction != Correction.YANDEX_2025,
                "loss.correction",
                "yandex-2025",
                "must be classic or none unless loss.kind = softmax");
        reader.require(
                isSoftmax || loss.popularityExponent == 0,
                "loss.popularity-exponent",
                loss.popularityExponent,
                "must be 0 unless loss.kind = softmax");
        LearnedTemperature learned = loss.learnedTemperature;
        reader.require(
                isSoftmax || !learned.isLearned(),
                "loss.temperature.learned",
                learned.isLearned(),
                "must be false unless loss.kind = softmax");
        reader.require(
                !learned.isLearned() || (learned.min() <= loss.temperature && loss.temperature <= learned.max()),
                "loss.temperature",
                loss.temperature,
                "must be from loss.temperature.min to loss.temperature.max where it is learned");
        NegativeRules rules = loss.negatives;
        reader.require(
                loss.correction != Correction.YANDEX_2025
                        || rules.hardestInBatch().most() == 0,
                "negatives.hard-in-batch",
                rules.hardestInBatch().most(),
                "must be 0 with loss.correction = yandex-2025, whose weight is an estimate from a whole sample");
        reader.require(
                rules.areInBatch() || rules.hardestInBatch().most() == 0,
                "negatives.hard-in-batch",
                rules.hardestInBatch().most(),
                "must be 0 with negatives.in-batch = false");
        reader.require(
                rules.areInBatch()
                        || NegativeSettings.read(reader).areAny()
                        || rules.hardByModel().quota().most() > 0,
                "negatives.in-batch",
                rules.areInBatch(),
                "must be true where there are no other negatives");
        return loss;
    }

    private static Optimiser optimiser(SettingsReader reader) {
        return new Optimiser(
                DescentSettings.networks(reader),
                DescentSettings.rows(reader),
                reader.number(
                        "optimiser.refuse-gradient-norm",
                        1000,
                        0,
                        1e30,
                        "L2 norm of the networks' or of the rows' gradient above which a step is refused; 0: never"));
    }

    private static Tables tables(SettingsReader reader) {
        return new Tables(
                reader.integer("table.admit-after", 1, 1, 100, "steps that must have read a key before it gets a row"),
                reader.duration(
                        "table.expire-after",
                        Duration.ofDays(365),
                        Duration.ZERO,
                        Duration.ofDays(36_500),
                        "event time without a step that touches it after which a row is removed; 0s: never"),
                reader.integer(
                        "table.max-rows",
                        1_000_000,
                        1,
                        100_000_000,
                        "most rows of an embedding table; beyond it the row touched longest ago is removed"));
    }

    private static List<FeatureSpec> features(SettingsReader reader, String tower, int towerDim, List<String> names) {
        List<FeatureSpec> specs = new ArrayList<>();
        for (String name : names) {
            String prefix = "features." + tower + "." + name + ".";
            Source source = reader.choice(prefix + "source", source(tower, name), "where the value comes from");
            Kind kind = reader.choice(prefix + "kind", kind(tower, name), "how the value becomes numbers");
            String table =
                    reader.text(prefix + "table", table(tower, source, kind, name), "embedding table of its rows");
            int dim = reader.integer(
                    prefix + "dim",
                    kind == Kind.NUMERIC ? 1 : towerDim,
                    1,
                    4096,
                    "floats it adds to the tower's input");
            int maxValues = reader.integer(
                    prefix + "max-values",
                    source == Source.HISTORY ? 20 : 50,
                    1,
                    10_000,
                    "first values of a bag that count");
            Pooling pooling = source == Source.HISTORY ? pooling(reader, prefix) : Pooling.MEAN;
            TextGrams grams = kind == Kind.TEXT ? grams(reader, prefix) : TextGrams.NONE;
            reader.require(
                    tower.equals(ITEM) == (source == Source.ITEM),
                    prefix + "source",
                    source,
                    tower.equals(ITEM) ? "must be item, the item tower reads items only" : "must not be item");
            reader.require(
                    (source == Source.HISTORY) ? kind == Kind.BAG : (source != Source.CONTEXT || kind != Kind.ID),
                    prefix + "kind",
                    kind,
                    source == Source.HISTORY ? "must be bag for a history" : "must not be id for a context feature");
            reader.require(kind != Kind.NUMERIC || dim == 1, prefix + "dim", dim, "must be 1 for a number");
            reader.require(
                    kind != Kind.AGE || source == Source.ITEM,
                    prefix + "kind",
                    kind,
                    "must not be age, which only items have");
            specs.add(new FeatureSpec(name, source, kind, table, dim, maxValues, pooling, grams));
        }
        reader.require(!specs.isEmpty(), "features." + tower, "", "must name at least one feature");
        return specs;
    }

    private static Pooling pooling(SettingsReader reader, String prefix) {
        Pooling.Kind kind = reader.choice(
                prefix + "pooling",
                Pooling.Kind.MEAN,
                "how the history's rows are averaged: equally, by position, or by similarity to the latest");
        double decay = reader.number(
                prefix + "decay",
                0.9,
                0.01,
                1,
                "with pooling = recency: weight of a row relative to the next later one");
        return new Pooling(kind, kind == Pooling.Kind.RECENCY ? decay : 1);
    }

    private static TextGrams grams(SettingsReader reader, String prefix) {
        TextGrams grams = new TextGrams(
                reader.integer(prefix + "words", 1, 0, 5, "longest run of words that has a row; 0: none"),
                reader.integer(
                        prefix + "characters", 0, 0, 10, "length of runs of characters that have a row; 0: none"),
                reader.integer(
                        prefix + "buckets", 0, 0, 100_000_000, "rows that all of them share by a hash; 0: a row each"));
        reader.require(
                grams.words() + grams.characters() > 0,
                prefix + "words",
                grams.words(),
                "must not be 0 where characters is 0 too");
        return grams;
    }

    private static Source source(String tower, String name) {
        if (tower.equals(ITEM)) {
            return Source.ITEM;
        }
        return name.equals(HISTORY) ? Source.HISTORY : Source.USER;
    }

    private static Kind kind(String tower, String name) {
        if (name.equals(HISTORY) && tower.equals(USER)) {
            return Kind.BAG;
        }
        return name.equals(tower) ? Kind.ID : Kind.CATEGORICAL;
    }

    private static String table(String tower, Source source, Kind kind, String name) {
        if (source == Source.HISTORY) {
            return ITEM;
        }
        return kind == Kind.ID ? tower : tower + "." + name;
    }

    private static void checkTables(SettingsReader reader, List<FeatureSpec> user, List<FeatureSpec> item) {
        Map<String, Integer> dims = new HashMap<>();
        List<FeatureSpec> all = new ArrayList<>(user);
        all.addAll(item);
        for (FeatureSpec spec : all) {
            if (spec.hasRows()) {
                int dim = dims.computeIfAbsent(spec.table(), table -> spec.dim());
                reader.require(
                        dim == spec.dim(),
                        "features.*." + spec.name() + ".dim",
                        spec.dim(),
                        "must be " + dim + ", as of the other features of table " + spec.table());
            }
        }
    }
}
