package dev.millrace.model.network;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.model.graph.DeclaredGraph;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.graph.GraphText;
import dev.millrace.settings.SettingsReader;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Shapes of the two towers' networks. */
public record TowerSettings(
        List<Integer> userHidden,
        List<Integer> itemHidden,
        Activation activation,
        double dropout,
        List<Integer> sharedBottom,
        int crossDepth,
        boolean skip,
        double outputScale,
        double rowScale,
        Senet senet,
        List<Channel> channels) {

    /** Kinds of networks. */
    public enum Kind {
        /** Dense layers (DSSM, Huang et al. 2013). */
        MLP,
        /** Cross layers (DCN v2, Wang et al. 2021). */
        CROSS,
        /** Products of all pairs of fields (Rendle 2010). */
        FM,
        /** A graph of DeepLearning4J in one tower or both; dense layers in the other. */
        DL4J
    }

    /**
     * One network in each tower. The cosine of the two outputs is a part of the score.
     *
     * @param user graph of the user tower, of kind {@link Kind#DL4J}
     * @param item graph of the item tower
     */
    public record Channel(
            String name,
            Kind kind,
            double weight,
            List<String> actions,
            Optional<DeclaredGraph> user,
            Optional<DeclaredGraph> item) {
        public Channel {
            actions = List.copyOf(actions);
        }

        /** Whether dense layers are its network in a tower. */
        boolean isDense(Optional<DeclaredGraph> inTower) {
            return kind == Kind.MLP || (kind == Kind.DL4J && inTower.isEmpty());
        }

        /** A part of what generations are named by: without graphs, as before there were any. */
        @Override
        public String toString() {
            String graphs = kind == Kind.DL4J ? ", user=" + user + ", item=" + item : "";
            return "Channel[name=" + name + ", kind=" + kind + ", weight=" + weight + ", actions=" + actions + graphs
                    + "]";
        }
    }

    /** Squeeze and excitation: a learned weight for each field. */
    public record Senet(boolean user, boolean item, int reduction, Activation hidden, Activation weight) {}

    private static final String GRAPH =
            "tower.channel.<name>.<tower>.graph: file of a DL4J ComputationGraph, its configuration in JSON or a saved"
                    + " .zip, which a dl4j channel has in that tower; empty: dense layers";

    /** Highest weight of a channel. */
    public static final double MAX_WEIGHT = 1000;

    private static final int MAX_CHANNELS = 16;
    private static final int MAX_GRAPHS = 640 << 10; // they are one record of 1 MB with the other settings
    private static final int MAX_WIDTH = 4096;
    private static final int MAX_TENSORS = 256; // an entry's key numbers them by one byte

    public TowerSettings {
        userHidden = List.copyOf(userHidden);
        itemHidden = List.copyOf(itemHidden);
        sharedBottom = List.copyOf(sharedBottom);
        channels = List.copyOf(channels);
    }

    public static TowerSettings read(SettingsReader reader, int dim, List<FeatureSpec> user, List<FeatureSpec> item) {
        TowerSettings towers = new TowerSettings(
                hidden(reader.named("user")),
                hidden(reader.named("item")),
                reader.choice("tower.activation: activation after hidden layers", Activation.RELU),
                reader.number(
                        "tower.dropout = 0 in [0, 0.95]: share of the outputs of a hidden layer that a step leaves"
                                + " out; 0: none"),
                reader.integers(
                        "tower.shared-bottom in [1, 8192]: widths of hidden layers that all mlp channels of a tower "
                                + "share; empty: nothing shared"),
                reader.integer("tower.cross.depth = 2 in [1, 8]: cross layers of a cross channel"),
                reader.flag("tower.skip = true: add pooled rows of width tower.dim to the output of each channel"),
                reader.number(
                        "tower.output-scale = 0 in [0, 1]: factor on the initial weights of each channel's last layer"),
                reader.number("tower.row-scale = 0.02 in [0, 10]: standard deviation of an initial row's components"),
                senet(reader),
                channels(reader));
        towers.check(reader, dim, user, item);
        return towers;
    }

    private static List<Integer> hidden(SettingsReader reader) {
        return reader.integers(
                "tower.<tower>.hidden = 64 in [1, 8192]: widths of the hidden layers of the tower's mlp channels; "
                        + "empty: one linear layer");
    }

    private static boolean isSenet(SettingsReader reader) {
        return reader.flag("tower.<tower>.senet = false: learn a weight for each field of the tower");
    }

    private static Senet senet(SettingsReader reader) {
        return new Senet(
                isSenet(reader.named("user")),
                isSenet(reader.named("item")),
                reader.integer(
                        "tower.senet.reduction = 2 in [1, 64]: fields per unit of the hidden layer that computes the"
                                + " weights"),
                reader.choice(
                        "tower.senet.hidden-activation: activation after the hidden layer that computes the weights",
                        Activation.RELU),
                reader.choice(
                        "tower.senet.activation: activation after the fields' weights", Activation.TWICE_SIGMOID));
    }

    private static List<Channel> channels(SettingsReader reader) {
        return reader
                .names("tower.channels = mlp: parallel networks, the same in both towers: mlp, cross, fm, or your own"
                        + " names")
                .stream()
                .map(name -> channel(reader.named(name), name))
                .toList();
    }

    private static Channel channel(SettingsReader reader, String name) {
        Kind ofName = Arrays.stream(Kind.values())
                .filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElse(Kind.MLP);
        Kind kind = reader.choice(
                "tower.channel.<name>.kind: kind of network; by default the one of that name, and else mlp; dl4j: the file in"
                        + " tower.channel.<name>.<tower>.graph, in that tower (docs/graphs.md)",
                ofName);
        boolean isGraph = kind == Kind.DL4J;
        Optional<DeclaredGraph> user = isGraph ? graph(reader.named(name, "user")) : Optional.empty();
        Optional<DeclaredGraph> item = isGraph ? graph(reader.named(name, "item")) : Optional.empty();
        reader.require(
                !isGraph || isGraphGiven(reader, name),
                "tower.channel.<name>.kind: must not be dl4j without a graph: set tower.channel." + name
                        + ".user.graph or .item.graph");
        return new Channel(
                name,
                kind,
                reader.number("tower.channel.<name>.weight = 1 in [0, " + MAX_WEIGHT
                        + "]: weight of its cosine in the score, which is the weighted mean of all channels' cosines"),
                reader.names(
                        "tower.channel.<name>.actions: actions from whose examples the channel learns; empty: all"),
                user,
                item);
    }

    private static boolean isGraphGiven(SettingsReader reader, String name) {
        return !reader.named(name, "user").text(GRAPH).isEmpty()
                || !reader.named(name, "item").text(GRAPH).isEmpty();
    }

    private static Optional<DeclaredGraph> graph(SettingsReader reader) {
        String text = reader.text(GRAPH);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(GraphText.read(text));
        } catch (IllegalArgumentException unusable) {
            reader.require(false, "tower.channel.<name>.<tower>.graph: " + unusable.getMessage());
            return Optional.empty();
        }
    }

    private void check(SettingsReader reader, int dim, List<FeatureSpec> user, List<FeatureSpec> item) {
        List<String> names = channels.stream().map(Channel::name).toList();
        reader.require(
                !channels.isEmpty() && channels.size() <= MAX_CHANNELS,
                "tower.channels: must name 1 to " + MAX_CHANNELS + " channels");
        reader.require(new HashSet<>(names).size() == names.size(), "tower.channels: must name each channel once");
        reader.require(
                names.stream().allMatch(name -> name.matches("[a-z0-9-]+")),
                "tower.channels: must be names of lower-case letters, digits and dashes");
        reader.require(
                channels.size() == 1 || !names.contains("popularity"),
                "tower.channels: must not name one popularity: a request weighs the popularity term by w.popularity");
        reader.require(
                channels.size() * dim <= MAX_WIDTH,
                "tower.channels: must make vectors of at most " + MAX_WIDTH + " floats, tower.dim each");
        reader.require(
                channels.isEmpty() || channels.stream().anyMatch(channel -> channel.weight() > 0),
                "tower.channels: must have a channel of a weight above 0");
        channels.forEach(channel -> reader.require(
                channel.weight() > 0 || !channel.actions().isEmpty(),
                "tower.channel." + channel.name()
                        + ".weight: must be above 0 for a channel that names no actions: it would never learn"));
        int deepest = Math.max(Math.max(userHidden.size(), itemHidden.size()), crossDepth) + 1;
        reader.require(
                2 * (2 + sharedBottom.size() + channels.size() * deepest) <= MAX_TENSORS,
                "tower.channels: must have at most " + MAX_TENSORS / 2 + " dense layers in a tower");
        boolean isDense = channels.stream()
                .anyMatch(channel -> channel.isDense(channel.user()) || channel.isDense(channel.item()));
        reader.require(
                isDense || channels.isEmpty() || sharedBottom.isEmpty(),
                "tower.shared-bottom: must be empty where no channel is of kind mlp");
        reader.require(
                channels.isEmpty() || dropout == 0 || !sharedBottom.isEmpty() || (isDense && hasHidden()),
                "tower.dropout: must be 0 where there are no hidden layers");
        checkActions(reader);
        reader.require(
                graphCharacters() <= MAX_GRAPHS,
                "tower.channels: must have graphs of at most " + MAX_GRAPHS + " characters together");
        for (Channel channel : channels) {
            channel.user().ifPresent(graph -> checkInputs(reader, channel.name() + ".user", graph, user));
            channel.item().ifPresent(graph -> checkInputs(reader, channel.name() + ".item", graph, item));
        }
        if (channels.stream().anyMatch(channel -> channel.kind() == Kind.FM)) {
            requireFields(reader, "features.user", dim, user);
            requireFields(reader, "features.item", dim, item);
        }
    }

    /** Checks that each attributed action has a channel that learns from it, and that channels name attributed actions only. */
    private void checkActions(SettingsReader reader) {
        List<String> learnt = AttributionSettings.actions(reader);
        for (Channel channel : channels) {
            channel.actions()
                    .forEach(action -> reader.require(
                            learnt.contains(action),
                            "tower.channel." + channel.name() + ".actions",
                            action,
                            "must be among attribution.actions"));
        }
        if (channels.stream().allMatch(channel -> !channel.actions().isEmpty())) {
            learnt.forEach(action -> reader.require(
                    actions().contains(action),
                    "attribution.actions",
                    action,
                    "must be among the actions of a channel, where all channels name theirs"));
        }
    }

    private static void checkInputs(
            SettingsReader reader, String whose, DeclaredGraph graph, List<FeatureSpec> features) {
        List<String> known = Stream.concat(
                        Stream.of(GraphInput.FEATURES),
                        features.stream().filter(FeatureSpec::isHistory).map(FeatureSpec::name))
                .toList();
        graph.inputs()
                .forEach(input -> reader.require(
                        known.contains(input),
                        "tower.channel." + whose + ".graph: has input " + input + ": must be one of " + known));
    }

    /** Characters of all graphs. */
    public int graphCharacters() {
        return channels.stream()
                .flatMap(channel -> Stream.of(channel.user(), channel.item()).flatMap(Optional::stream))
                .mapToInt(DeclaredGraph::length)
                .sum();
    }

    /** Whether a channel has a graph. */
    public boolean hasGraph() {
        return channels.stream().anyMatch(channel -> channel.kind() == Kind.DL4J);
    }

    private boolean hasHidden() {
        return !userHidden.isEmpty() || !itemHidden.isEmpty();
    }

    private static void requireFields(SettingsReader reader, String key, int dim, List<FeatureSpec> features) {
        reader.require(
                features.stream().filter(feature -> feature.dim() == dim).count() >= 2,
                key + ": must have two features of dim " + dim + ", as tower.dim, for an fm channel to multiply");
    }

    /** Weights that a request may change, by channel; empty if there is only one channel. */
    public SortedMap<String, Double> queryWeights() {
        SortedMap<String, Double> weights = new TreeMap<>();
        if (channels.size() > 1) {
            channels.forEach(channel -> weights.put(channel.name(), channel.weight()));
        }
        return weights;
    }

    /** The actions that channels name, without duplicates, sorted. */
    public List<String> actions() {
        return channels.stream()
                .flatMap(channel -> channel.actions().stream())
                .distinct()
                .sorted()
                .toList();
    }
}
