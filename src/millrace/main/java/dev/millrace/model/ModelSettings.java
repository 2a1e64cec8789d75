package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.feature.Pooling;
import dev.millrace.feature.TextGrams;
import dev.millrace.model.engine.NativeEngine;
import dev.millrace.model.loss.Loss;
import dev.millrace.model.network.TowerSettings;
import dev.millrace.model.network.TowerShape;
import dev.millrace.model.pool.PositionWeights;
import dev.millrace.model.table.InitialRows;
import dev.millrace.model.table.Optimiser;
import dev.millrace.model.table.Tables;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Sha256;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All settings of a model. */
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

    /** Highest weight of a channel, in the settings and in a request. */
    public static final double MAX_CHANNEL_WEIGHT = TowerSettings.MAX_WEIGHT;

    private static final String USER = "user";
    private static final String ITEM = "item";
    private static final String HISTORY = "history";

    public ModelSettings {
        user = List.copyOf(user);
        item = List.copyOf(item);
    }

    public static ModelSettings read(SettingsReader reader) {
        int dim = reader.integer(
                "tower.dim = 64 in [1, 4096]: width of a channel's vectors; the published vectors have this many "
                        + "floats for each channel");
        List<String> ofUsers =
                reader.names("features.user = user,history: inputs of the user tower; history.<item feature>"
                        + ": that feature of the user's last clicked items");
        List<FeatureSpec> item =
                features(reader, ITEM, dim, reader.names("features.item = item: inputs of the item tower"), List.of());
        List<FeatureSpec> user = features(reader, USER, dim, ofUsers, item);
        checkTables(reader, user, item);
        TowerSettings towers = TowerSettings.read(reader, dim, user, item);
        String generation = reader.text(
                "model.generation = g1: name of the lineage of weights; a hash of the model's settings is appended. "
                        + "A new name starts a new lineage");
        reader.require(
                generation.matches("[a-zA-Z0-9._-]{1,100}"),
                "model.generation: must be 1 to 100 letters, digits, dots, underscores and dashes");
        return new ModelSettings(
                reader.longInteger(
                        "model.seed = 1 in [-9223372036854775808, 9223372036854775807]: seed of every initial weight"),
                generation,
                dim,
                user,
                item,
                towers,
                Loss.read(reader, towers.actions()),
                Optimiser.read(reader),
                Tables.read(reader));
    }

    /** Floats of a published vector: all channels side by side. */
    public int width() {
        return dim * towers.channels().size();
    }

    /** Standard deviation of the components of an initial row. */
    public double rowScale() {
        return towers.rowScale();
    }

    /** Weights that a request may change, by channel; empty if there is only one channel. */
    public SortedMap<String, Double> queryWeights() {
        return towers.queryWeights();
    }

    /**
     * Names of the parts of a tower's input that it learns a weight for: features, with {@code tower.user.senet} or {@code
     * tower.item.senet}, and places of a history, with {@code pooling = positions}, as {@code history[0]}.
     */
    public List<String> weightedFields(Side side) {
        boolean areWeighted = side.of(towers.senet().user(), towers.senet().item());
        List<String> names = new ArrayList<>();
        for (FeatureSpec feature : features(side)) {
            if (areWeighted) {
                names.add(feature.name());
            }
            if (feature.pooling().kind() == Pooling.Kind.POSITIONS) {
                for (int place = 0; place < feature.maxValues(); place++) {
                    names.add(PositionWeights.name(feature, place));
                }
            }
        }
        return names;
    }

    /** Actions whose losses have learned weights; empty without {@code loss.objectives.learned}. */
    public List<String> learnedObjectives() {
        return loss.objectives().areLearned() ? towers.actions() : List.of();
    }

    /** Most rows of an embedding table. */
    public int maxRows() {
        return tables.maxRows();
    }

    /** Floats that a row of each embedding table has, those of its optimiser among them. */
    public SortedMap<String, Integer> floatsARow() {
        SortedMap<String, Integer> floats = new TreeMap<>();
        Stream.concat(user.stream(), item.stream())
                .filter(FeatureSpec::hasRows)
                .forEach(feature -> floats.put(
                        feature.table(), feature.dim() + optimiser.rows().rule().slots(feature.dim())));
        return floats;
    }

    /** Returns the item feature that a history is of. */
    FeatureSpec historyOf(FeatureSpec history) {
        return historyOf(history.name(), item).orElseThrow();
    }

    private static Optional<FeatureSpec> historyOf(String history, List<FeatureSpec> items) {
        return items.stream()
                .filter(feature -> history.equals(FeatureSpec.HISTORY_OF + feature.name()))
                .findFirst();
    }

    /** Inputs of a tower. */
    List<FeatureSpec> features(Side side) {
        return side.of(user, item);
    }

    /** The network of a tower. */
    TowerShape shape(Side side) {
        return switch (side) {
            case USER -> TowerShape.user(towers, dim, user);
            case ITEM -> TowerShape.item(towers, dim, item);
        };
    }

    /** Whether a channel has a graph of DL4J. */
    public boolean hasGraph() {
        return towers.hasGraph();
    }

    /** Characters of all graphs, as they are settings. */
    public int graphCharacters() {
        return towers.graphCharacters();
    }

    /**
     * Runs each graph of DL4J once, on zeros. Returns what keeps one from running.
     *
     * @param environment of the process
     */
    public List<SettingFault> graphFaults(Map<String, String> environment) {
        List<SettingFault> faults = new ArrayList<>();
        for (TowerSettings.Channel channel : towers.channels()) {
            if (channel.kind() == TowerSettings.Kind.DL4J) {
                NativeEngine.faults(environment)
                        .forEach(rule -> faults.add(
                                new SettingFault("tower.channel." + channel.name() + ".kind", "dl4j", rule)));
            }
        }
        for (Side side : faults.isEmpty() && towers.hasGraph() ? Side.values() : new Side[0]) {
            shape(side).graphFaults().forEach((channel, rule) -> {
                String name = towers.channels().get(channel).name();
                faults.add(new SettingFault("tower.channel." + name + "." + side.text() + ".graph", "(a graph)", rule));
            });
        }
        return faults;
    }

    /** The initial embedding rows. */
    InitialRows initialRows() {
        return new InitialRows(seed, towers.rowScale());
    }

    /** Returns the generation's full name. Models with different settings have different names. */
    public String generationName() {
        return generation + "-" + hash().substring(0, 8);
    }

    /** SHA-256 of all of these settings, in hexadecimal. */
    public String hash() {
        return Sha256.hex(toString());
    }

    /** @param items features of items, of which histories may be */
    private static List<FeatureSpec> features(
            SettingsReader reader, String tower, int towerDim, List<String> names, List<FeatureSpec> items) {
        List<FeatureSpec> specs = new ArrayList<>();
        for (String name : names) {
            SettingsReader own = reader.named(tower, name);
            if (tower.equals(USER) && name.startsWith(FeatureSpec.HISTORY_OF)) {
                historyOf(own, name, items).ifPresent(specs::add);
                continue;
            }
            Source source = own.choice(
                    "features.<tower>.<name>.source: where the value comes from; by default item in the item tower, "
                            + "history for history, and else user",
                    source(tower, name));
            Kind kind = own.choice(
                    "features.<tower>.<name>.kind: how the value becomes numbers; by default id for user and item, "
                            + "bag for history, and else categorical",
                    kind(tower, name));
            String table = own.text("features.<tower>.<name>.table = " + table(tower, source, kind, name)
                    + ": embedding table of its rows; by default user or item for an id, item for a history, "
                    + "and else <tower>.<name>");
            int dim = own.integer("features.<tower>.<name>.dim = " + (kind == Kind.NUMERIC ? 1 : towerDim)
                    + " in [1, 4096]: floats it adds to the tower's input; by default tower.dim, and 1 for numeric");
            int maxValues = maxValues(own, source);
            Pooling pooling = source == Source.HISTORY ? pooling(own) : Pooling.MEAN;
            TextGrams grams = kind == Kind.TEXT ? grams(own) : TextGrams.NONE;
            own.require(
                    tower.equals(ITEM) == (source == Source.ITEM),
                    "features.<tower>.<name>.source: "
                            + (tower.equals(ITEM)
                                    ? "must be item, the item tower reads items only"
                                    : "must not be item"));
            own.require(
                    (source == Source.HISTORY) ? kind == Kind.BAG : (source != Source.CONTEXT || kind != Kind.ID),
                    "features.<tower>.<name>.kind: "
                            + (source == Source.HISTORY
                                    ? "must be bag for a history"
                                    : "must not be id for a context feature"));
            own.require(kind != Kind.NUMERIC || dim == 1, "features.<tower>.<name>.dim: must be 1 for a number");
            own.require(
                    kind != Kind.AGE || source == Source.ITEM,
                    "features.<tower>.<name>.kind: must not be age, which only items have");
            specs.add(new FeatureSpec(name, source, kind, table, dim, maxValues, pooling, grams));
        }
        reader.require(!specs.isEmpty(), "features." + tower, "", "must name at least one feature");
        return specs;
    }

    /** A history of an item feature, with the kind, rows and width that the item tower has. */
    private static Optional<FeatureSpec> historyOf(SettingsReader own, String name, List<FeatureSpec> items) {
        List<FeatureSpec> usable = items.stream()
                .filter(feature -> switch (feature.kind()) {
                    case CATEGORICAL, BAG, TEXT, VECTOR -> true;
                    case ID, AGE, NUMERIC -> false;
                })
                .toList();
        Optional<FeatureSpec> of = historyOf(name, usable);
        own.require(
                of.isPresent(),
                "features.user",
                name,
                "must name a categorical, bag, text or vector feature of features.item behind history., one of "
                        + usable.stream().map(FeatureSpec::name).toList());
        int maxValues = maxValues(own, Source.HISTORY);
        Pooling pooling = pooling(own);
        return of.map(feature -> new FeatureSpec(
                name,
                Source.HISTORY,
                feature.kind(),
                feature.table(),
                feature.dim(),
                maxValues,
                pooling,
                feature.grams()));
    }

    private static int maxValues(SettingsReader own, Source source) {
        return own.integer("features.<tower>.<name>.max-values = " + (source == Source.HISTORY ? 20 : 50)
                + " in [1, 10000]: first values of a bag that count; by default 50, and 20 of a history");
    }

    private static Pooling pooling(SettingsReader reader) {
        Pooling.Kind kind = reader.choice(
                "features.<tower>.<name>.pooling: of a history: how its rows are averaged: equally, by a decay, by a "
                        + "learned weight for each position, or by similarity to the latest",
                Pooling.Kind.POSITIONS);
        double decay = reader.number(
                "features.<tower>.<name>.decay = 0.7 in [0.01, 1]: of a history with pooling = recency: weight of "
                        + "each row relative to the next more recent one; with positions: initial value of the same");
        boolean hasDecay = kind == Pooling.Kind.RECENCY || kind == Pooling.Kind.POSITIONS;
        return new Pooling(kind, hasDecay ? decay : 1);
    }

    private static TextGrams grams(SettingsReader reader) {
        TextGrams grams = new TextGrams(
                reader.integer(
                        "features.<tower>.<name>.words = 1 in [0, 5]: longest run of words that has a row; 0: none"),
                reader.integer(
                        "features.<tower>.<name>.characters = 0 in [0, 10]: length of runs of characters that have a "
                                + "row; 0: none"),
                reader.integer(
                        "features.<tower>.<name>.buckets = 0 in [0, 100000000]: rows that all of them share by a "
                                + "hash; 0: a row each"));
        reader.require(
                grams.words() + grams.characters() > 0,
                "features.<tower>.<name>.words: must not be 0 where characters is 0 too");
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
