package dev.millrace.model.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.settings.SettingFault;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;

/**
 * What a graph may hold. Its JSON comes by a topic or from a stranger's file, and DL4J makes an object of each class that it names: only
 * classes of these lists are read. Left out are layers whose state is no parameter (batch normalisation), that draw numbers when they are read,
 * or whose output for a row depends on other rows.
 */
final class GraphRules {

    static final int MOST_CHARACTERS = 4 << 20; // with what JSON does not need
    private static final int MOST_VERTICES = 100;
    private static final int MOST_WIDTH = 8192;
    private static final int MOST_MERGED = 1 << 16;
    private static final int MOST_PLACES = 256;
    private static final long MOST_PARAMETERS = 1_000_000;

    private static final String CLASS = "@class";
    private static final String NN = "org.deeplearning4j.nn.";
    static final String DENSE_LAYER = NN + "conf.layers.DenseLayer";
    static final String OUTPUT_LAYER = NN + "conf.layers.OutputLayer";
    private static final String ND4J = "org.nd4j.linalg.";

    /** Layers of which a row's output has the same bits in a tile of {@link #TILE} rows, wherever it is. */
    private static final Set<String> LAYERS_BY_ROW = names(
            NN + "conf.layers.",
            "DenseLayer",
            "ActivationLayer",
            "DropoutLayer",
            "PReLULayer",
            "LSTM",
            "recurrent.SimpleRnn",
            "recurrent.Bidirectional",
            "recurrent.LastTimeStep",
            "misc.ElementWiseMultiplicationLayer");

    /** Layers that multiply the places of all rows together: their rows are read one by one. */
    private static final Set<String> LAYERS_BY_PLACE = names(
            NN + "conf.layers.",
            "Convolution1DLayer",
            "Subsampling1DLayer",
            "GlobalPoolingLayer",
            "SelfAttentionLayer");

    private static final Set<String> VERTICES = names(
            NN + "conf.graph.",
            "LayerVertex",
            "MergeVertex",
            "ElementWiseVertex",
            "SubsetVertex",
            "ScaleVertex",
            "ShiftVertex",
            "rnn.LastTimeStepVertex",
            "rnn.DuplicateToTimeSeriesVertex",
            "rnn.ReverseTimeSeriesVertex");

    private static final Set<String> PARTS = Stream.of(
                    names(NN + "conf.preprocessor.", "RnnToFeedForwardPreProcessor", "FeedForwardToRnnPreProcessor"),
                    names(NN + "conf.dropout.", "Dropout"),
                    names(
                            NN + "conf.distribution.",
                            "NormalDistribution",
                            "GaussianDistribution",
                            "UniformDistribution",
                            "TruncatedNormalDistribution",
                            "ConstantDistribution",
                            "OrthogonalDistribution"),
                    names(
                            NN + "weights.WeightInit",
                            "Xavier",
                            "XavierUniform",
                            "XavierLegacy",
                            "Relu",
                            "ReluUniform",
                            "LecunNormal",
                            "LecunUniform",
                            "SigmoidUniform",
                            "Uniform",
                            "Normal",
                            "Distribution",
                            "Identity",
                            "Constant",
                            "VarScalingNormalFanIn",
                            "VarScalingNormalFanOut",
                            "VarScalingNormalFanAvg",
                            "VarScalingUniformFanIn",
                            "VarScalingUniformFanOut",
                            "VarScalingUniformFanAvg"),
                    names(
                            ND4J + "activations.impl.Activation",
                            "Identity",
                            "ReLU",
                            "LReLU",
                            "ReLU6",
                            "ELU",
                            "SELU",
                            "GELU",
                            "Swish",
                            "Mish",
                            "SoftPlus",
                            "SoftSign",
                            "Softmax",
                            "Sigmoid",
                            "HardSigmoid",
                            "TanH",
                            "HardTanH",
                            "RationalTanh",
                            "RectifiedTanh",
                            "Cube",
                            "PReLU",
                            "ThresholdedReLU"),
                    // read, and not used: the optimiser of the settings moves the parameters
                    names(
                            ND4J + "learning.config.",
                            "NoOp",
                            "Sgd",
                            "Adam",
                            "AdaMax",
                            "AdaGrad",
                            "AdaDelta",
                            "AMSGrad",
                            "AdaBelief",
                            "Nadam",
                            "Nesterovs",
                            "RmsProp"))
            .flatMap(Set::stream)
            .collect(Collectors.toUnmodifiableSet());

    /** Members that are objects without a class. */
    private static final Set<String> WITHOUT_CLASS =
            Set.of("vertices", "vertexInputs", "defaultConfiguration", "layerConf", "paramWeightInit");

    /** Members that list names; a list elsewhere has numbers, or DL4J would take its first text for a class. */
    private static final Set<String> OF_NAMES =
            Set.of("networkInputs", "networkOutputs", "vertexInputs", "topologicalOrderStr", "variables");

    /** Members that count places of a history. */
    private static final Set<String> OF_PLACES =
            Set.of("kernelSize", "stride", "padding", "dilation", "tbpttFwdLength", "tbpttBackLength");

    /** Members that are a width, and the most that each may be. A number of parameters is a product of several: DL4J's integer must hold it. */
    private static final Map<String, Integer> WIDTHS = Map.of(
            "nin",
            MOST_WIDTH,
            "nout",
            MOST_WIDTH,
            "nIn",
            MOST_WIDTH,
            "nOut",
            MOST_WIDTH,
            "nheads",
            64,
            "headSize",
            256);

    private static final String OPTIMISER = "the optimiser of the settings moves all parameters, see optimiser.*";
    private static final String ROWS = "no row may depend on another";

    /** Members that have one meaning here, whatever DL4J would do by others. */
    private static final Map<String, Fixed> FIXED = Map.of(
            "regularization", new Fixed(OPTIMISER, "[]", "null"),
            "regularizationBias", new Fixed(OPTIMISER, "[]", "null"),
            "constraints", new Fixed(OPTIMISER, "[]", "null"),
            "weightNoise", new Fixed(OPTIMISER, "null"),
            "gradientNormalization", new Fixed(OPTIMISER, "\"None\"", "null"),
            "mergeAxis", new Fixed(ROWS, "1"),
            "poolingDimensions", new Fixed(ROWS, "null"),
            "dataType", new Fixed("numbers are floats", "\"FLOAT\""));

    /**
     * What a member may have.
     *
     * @param values in JSON
     */
    private record Fixed(String reason, List<String> values) {
        Fixed(String reason, String... values) {
            this(reason, List.of(values));
        }
    }

    /** Rows of a tile. */
    static final int TILE = 8;

    private GraphRules() {}

    private static Set<String> names(String prefix, String... names) {
        return Stream.of(names).map(prefix::concat).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Checks a graph.
     *
     * @param saved number of the parameters that were saved with it
     * @throws IllegalArgumentException if it holds what a graph must not
     */
    static void check(JsonNode configuration, Optional<Integer> saved) {
        require(configuration.path("vertices").isObject(), "has no vertices: must be a ComputationGraphConfiguration");
        require(configuration.path("vertices").size() <= MOST_VERTICES, "has more than " + MOST_VERTICES + " vertices");
        require(configuration.path("networkOutputs").size() == 1, "must have one output");
        require(!configuration.path("networkInputs").isEmpty(), "must have an input");
        require(
                !configuration.path("backpropType").asText("").equals("TruncatedBPTT"),
                "must not have truncated back-propagation through time");
        configuration.path("vertices").properties().forEach(vertex -> {
            String where = "vertex " + vertex.getKey();
            String kind = vertex.getValue().path(CLASS).asText("");
            require(VERTICES.contains(kind), where + " has class " + kind + ": must be one of " + simple(VERTICES));
            JsonNode layer = vertex.getValue().path("layerConf").path("layer");
            require(
                    layer.isMissingNode() || isLayer(layer.path(CLASS).asText("")),
                    where + " has a layer of class " + layer.path(CLASS).asText("") + ": must be one of "
                            + simple(LAYERS_BY_ROW) + ", " + simple(LAYERS_BY_PLACE));
        });
        checkParts("the configuration", configuration);
        long parameters = parameters(read(configuration.toString()));
        saved.ifPresent(count -> require(
                count == parameters, "has " + parameters + " parameters, and " + count + " were saved with it"));
    }

    /**
     * Counts the parameters of a graph.
     *
     * @throws IllegalArgumentException if there are too many
     */
    static long parameters(ComputationGraphConfiguration configuration) {
        long parameters = configuration.getVertices().values().stream()
                .mapToLong(GraphRules::parameters)
                .sum();
        require(
                parameters <= MOST_PARAMETERS,
                "has " + parameters + " parameters, and a graph at most " + MOST_PARAMETERS);
        return parameters;
    }

    /** Returns how many rows are read together. */
    static int tile(String configuration) {
        return LAYERS_BY_PLACE.stream().anyMatch(layer -> configuration.contains('"' + layer + '"')) ? 1 : TILE;
    }

    /** Reads the configuration of a graph that was checked. */
    static ComputationGraphConfiguration read(String configuration) {
        try {
            return ComputationGraphConfiguration.fromJson(configuration);
        } catch (RuntimeException unreadable) {
            throw new IllegalArgumentException(
                    "cannot be read by DL4J: " + GraphNetwork.firstLine(unreadable), unreadable);
        }
    }

    private static long parameters(GraphVertex vertex) {
        try {
            return vertex.numParams(true);
        } catch (RuntimeException unfit) {
            throw new IllegalArgumentException("cannot be read by DL4J: " + GraphNetwork.firstLine(unfit), unfit);
        }
    }

    /** Checks that each object is of a class that is listed, or of none that DL4J would make one of; and what members say. */
    private static void checkParts(String where, JsonNode part) {
        String kind = part.path(CLASS).asText("");
        require(
                !part.has(CLASS) || VERTICES.contains(kind) || isLayer(kind) || PARTS.contains(kind),
                where + " has class " + kind + ", which a graph must not have");
        part.properties().forEach(member -> {
            String name = member.getKey();
            JsonNode value = member.getValue();
            boolean isNamed = name.equals("vertices") || where.startsWith("vertex");
            checkMember(where, name, value);
            if (name.equals("vertexInputs")) {
                value.forEach(inputs -> checkList(where, name, inputs));
            } else if (name.equals("vertices") || name.equals("paramWeightInit")) {
                value.properties().forEach(each -> checkObject("vertex " + each.getKey(), each.getValue()));
            } else if (value.isArray()) {
                checkList(where, name, value);
            } else if (value.isObject() && WITHOUT_CLASS.contains(name)) {
                checkParts(isNamed ? where : name, value);
            } else if (value.isObject()) {
                checkObject(where, value);
            }
        });
    }

    private static void checkObject(String where, JsonNode value) {
        require(value.path(CLASS).isTextual(), where + " has a part without a class: must be an object with @class");
        checkParts(where, value);
    }

    private static void checkList(String where, String name, JsonNode list) {
        require(list.isArray(), where + " has " + name + " that is no list");
        list.forEach(element -> require(
                element.isNumber() || (element.isTextual() && OF_NAMES.contains(name)),
                where + " has a list " + name + " of other things than "
                        + (OF_NAMES.contains(name) ? "names" : "numbers")));
    }

    private static void checkMember(String where, String name, JsonNode value) {
        String found = where + " has " + name + " " + SettingFault.shown(value.toString()) + ": must be ";
        Optional.ofNullable(FIXED.get(name))
                .ifPresent(fixed -> require(
                        fixed.values().contains(value.toString()),
                        found + String.join(" or ", fixed.values()) + ", as " + fixed.reason()));
        Optional.ofNullable(WIDTHS.get(name))
                .ifPresent(most ->
                        require(value.asLong(-1) >= 0 && value.asLong(-1) <= most, found + "in [0, " + most + "]"));
        require(!OF_PLACES.contains(name) || areSmall(value), found + "in [0, " + MOST_PLACES + "]");
    }

    private static boolean areSmall(JsonNode numbers) {
        Iterable<JsonNode> each = numbers.isArray() ? numbers : List.of(numbers);
        for (JsonNode number : each) {
            if (!number.isNull() && (number.asLong(-1) < 0 || number.asLong() > MOST_PLACES)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Checks that no vertex hands on more than the machine has, however its inputs are merged, and that none reads itself.
     *
     * @param inputs widths of the graph's inputs
     */
    static void checkWidths(ComputationGraphConfiguration configuration, Map<String, Integer> inputs) {
        Map<String, Long> widths = new HashMap<>();
        inputs.forEach((name, width) -> widths.put(name, (long) width));
        configuration.getVertices().keySet().forEach(name -> width(configuration, name, widths, 0));
    }

    private static long width(
            ComputationGraphConfiguration configuration, String name, Map<String, Long> widths, int depth) {
        if (widths.containsKey(name)) {
            return widths.getOrDefault(name, 0L);
        }
        require(depth <= MOST_VERTICES, "has a vertex " + name + " that reads itself");
        List<String> inputs = GraphNetwork.inputs(configuration, name);
        require(!inputs.isEmpty() && configuration.getVertices().containsKey(name), "has no vertex " + name);
        long sum = 0;
        for (String input : inputs) {
            sum += width(configuration, input, widths, depth + 1);
            require(sum <= MOST_MERGED, "vertex " + name + " merges more than " + MOST_MERGED + " numbers");
        }
        long own = configuration.getVertices().get(name) instanceof LayerVertex vertex
                        && vertex.getLayerConf().getLayer() instanceof FeedForwardLayer layer
                        && layer.getNOut() > 0
                ? layer.getNOut()
                : sum;
        widths.put(name, own);
        return own;
    }

    private static boolean isLayer(String kind) {
        return LAYERS_BY_ROW.contains(kind) || LAYERS_BY_PLACE.contains(kind);
    }

    private static List<String> simple(Set<String> kinds) {
        Set<String> names = new HashSet<>();
        kinds.forEach(kind -> names.add(kind.substring(kind.lastIndexOf('.') + 1)));
        return names.stream().sorted().toList();
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(rule);
        }
    }
}
