package dev.millrace.model;

import dev.millrace.batch.NegativeSettings;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.settings.SettingsReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The model as declared.
 *
 * @param seed of every initial weight
 * @param generation names the lineage of weights; raised to start anew
 * @param dim width of the published vectors
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
        Towers towers,
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
     * Shapes of the networks.
     *
     * @param userHidden widths of the user tower's hidden layers; none for one linear layer
     * @param itemHidden widths of the item tower's hidden layers; none for one linear layer
     * @param skip whether pooled rows as wide as the output are added to the network's output
     * @param outputScale factor on the initial weights of each network's last layer, in [0, 1]
     * @param rowScale standard deviation of the components of an initial row
     */
    public record Towers(
            List<Integer> userHidden, List<Integer> itemHidden, boolean skip, double outputScale, double rowScale) {
        public Towers {
            userHidden = List.copyOf(userHidden);
            itemHidden = List.copyOf(itemHidden);
        }
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
     */
    public record Loss(
            double temperature,
            Correction correction,
            int fullBatch,
            double popularityExponent,
            LossForm form,
            LearnedTemperature learnedTemperature,
            NegativeRules negatives) {

        /** A softmax at a fixed temperature over all candidates. */
        Loss(double temperature, Correction correction, int fullBatch, double popularityExponent) {
            this(
                    temperature,
                    correction,
                    fullBatch,
                    popularityExponent,
                    LossForm.SOFTMAX,
                    LearnedTemperature.FIXED,
                    NegativeRules.ALL_IN_BATCH);
        }
    }

    /**
     * How a step moves the weights.
     *
     * @param dense Adagrad of the networks' weights
     * @param rows row-wise Adagrad of the embedding rows
     * @param maxGradientNorm the networks' gradient is scaled down to this L2 norm; 0 never
     * @param refuseGradientNorm a step is refused whose gradient, of the networks or of the rows, has a larger L2 norm; 0 never
     * @param l2 weight of half the squared norm of the networks' matrices, added to the loss; 0 for none
     */
    public record Optimiser(
            Adagrad dense, Adagrad rows, double maxGradientNorm, double refuseGradientNorm, double l2) {}

    /**
     * Adagrad's constants.
     *
     * @param learningRate step size
     * @param initialAccumulator sum of squared gradients that a weight begins with
     * @param epsilon added to the root of the accumulator
     */
    public record Adagrad(double learningRate, double initialAccumulator, double epsilon) {}

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
        int dim = reader.integer("tower.dim", 64, 1, 4096, "width of the published vectors");
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
        return new ModelSettings(
                reader.longInteger("model.seed", 1, Long.MIN_VALUE, Long.MAX_VALUE, "seed of every initial weight"),
                reader.text("model.generation", "g1", "names the lineage of weights; change it to start anew"),
                dim,
                user,
                item,
                towers(reader),
                loss(reader),
                optimiser(reader),
                tables(reader));
    }

    /** The generation's full name: two models whose settings differ never share it. */
    public String generationName() {
        return generation + "-" + hash().substring(0, 8);
    }

    /** SHA-256 of all of these settings, in hexadecimal. */
    public String hash() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(toString().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException absent) {
            throw new IllegalStateException("every Java platform has SHA-256", absent);
        }
    }

    private static Towers towers(SettingsReader reader) {
        return new Towers(
                reader.integers(
                        "tower.user.hidden", "64", 1, 8192, "hidden widths of the user tower; empty: one linear layer"),
                reader.integers(
                        "tower.item.hidden", "64", 1, 8192, "hidden widths of the item tower; empty: one linear layer"),
                reader.flag("tower.skip", true, "add pooled rows of width tower.dim to the output of the network"),
                reader.number(
                        "tower.output-scale", 0, 0, 1, "factor on the initial weights of each network's last layer"),
                reader.number("tower.row-scale", 0.02, 0, 10, "standard deviation of an initial row's components"));
    }

    private static Loss loss(SettingsReader reader) {
        Loss loss = new Loss(
                reader.number("loss.temperature", 0.1, 0.001, 1, "softmax temperature"),
                reader.choice(
                        "loss.correction",
                        Correction.CLASSIC,
                        "whether log Q is taken out: of every logit, of the negatives' with the positive apart, or not"),
                reader.integer("batch.size", 128, 2, 8192, "positives of a full batch"),
                reader.number("loss.popularity-exponent", 0, 0, 2, "b of the term b log p in the training logit"),
                LossForm.read(reader),
                LearnedTemperature.read(reader),
                NegativeRules.read(reader));
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
                adagrad(reader, "optimiser.dense.", 0.02, "of the networks"),
                adagrad(reader, "optimiser.rows.", 0.1, "of the embedding rows"),
                reader.number(
                        "optimiser.dense.max-gradient-norm",
                        10,
                        0,
                        1e9,
                        "L2 norm the networks' gradient is cut to; 0: never"),
                reader.number(
                        "optimiser.refuse-gradient-norm",
                        1000,
                        0,
                        1e30,
                        "L2 norm of the networks' or of the rows' gradient above which a step is refused; 0: never"),
                reader.number("optimiser.dense.l2", 0, 0, 1, "L2 penalty on the networks' matrices"));
    }

    private static Tables tables(SettingsReader reader) {
        return new Tables(
                reader.integer("table.admit-after", 1, 1, 100, "steps that must have read a key before it gets a row"),
                reader.duration(
                        "table.expire-after",
                        Duration.ofDays(365),
                        Duration.ZERO,
                        Duration.ofDays(36_500),
                        "event time after which a row that no step touched goes; 0s: never"),
                reader.integer(
                        "table.max-rows",
                        1_000_000,
                        1,
                        100_000_000,
                        "rows of an embedding table; beyond it the row touched longest ago goes"));
    }

    private static Adagrad adagrad(SettingsReader reader, String prefix, double learningRate, String whose) {
        return new Adagrad(
                reader.number(prefix + "learning-rate", learningRate, 0, 10, "Adagrad step size " + whose),
                reader.number(
                        prefix + "initial-accumulator", 0.001, 0, 1e6, "initial sum of squared gradients " + whose),
                reader.number(prefix + "epsilon", 1e-10, 0, 1, "added to the root of the accumulator " + whose));
    }

    private static List<FeatureSpec> features(SettingsReader reader, String tower, int towerDim, List<String> names) {
        List<FeatureSpec> specs = new ArrayList<>();
        for (String name : names) {
            String prefix = "features." + tower + "." + name + ".";
            Source source = reader.choice(prefix + "source", source(tower, name), "where the value is read");
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
                    prefix + "max-values", source == Source.HISTORY ? 20 : 50, 1, 10_000, "values of a bag that count");
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
            specs.add(new FeatureSpec(name, source, kind, table, dim, maxValues));
        }
        reader.require(!specs.isEmpty(), "features." + tower, "", "must name at least one feature");
        return specs;
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
