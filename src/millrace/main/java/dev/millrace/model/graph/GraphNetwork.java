package dev.millrace.model.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A graph of DeepLearning4J that runs forward and backward over float arrays: gradients of the output come from outside, and its own updaters do not run.
 * It needs ND4J's native libraries. One thread at a time.
 *
 * <p>It has two tensors: all matrices, then all biases, each in DL4J's order.
 */
public final class GraphNetwork {

    /** A part of DL4J's flat parameters. */
    private record Segment(String layer, int from, int length, boolean isBias) {}

    private final DeclaredGraph declared;
    private final List<GraphInput> inputs;
    private final String output;
    private final int width;
    private final Graph graph;
    private final List<Segment> segments;
    private final int[] lengths = new int[2];
    private float[][] loaded = {{}, {}};
    private boolean isFirst = true; // backward pass, in which gradients are worked out

    /**
     * Makes a network. A layer that does not say how wide its input is takes that of what it reads; an output layer without a width, the tower's.
     *
     * @param inputs in the order of the graph's
     * @param width of the output
     * @param seed of the parameters, if they are drawn
     * @throws IllegalStateException if the native libraries cannot be loaded
     */
    public GraphNetwork(DeclaredGraph declared, List<GraphInput> inputs, int width, long seed) {
        this.declared = declared;
        this.inputs = inputs;
        this.output = declared.output();
        this.width = width;
        ComputationGraphConfiguration configuration = GraphRules.read(declared.configuration());
        GraphRules.checkWidths(
                configuration, inputs.stream().collect(Collectors.toMap(GraphInput::name, GraphInput::width)));
        if (configuration.getVertices().get(output) instanceof LayerVertex last
                && last.getLayerConf().getLayer() instanceof FeedForwardLayer layer
                && layer.getNOut() == 0) {
            layer.setNOut(width);
        }
        if (declared.isWithoutWidths()) {
            configuration.addPreProcessors(inputs.stream()
                    .map(input -> input.isSequence()
                            ? InputType.recurrent(input.width(), input.places())
                            : InputType.feedForward(input.width()))
                    .toArray(InputType[]::new));
        }
        GraphRules.parameters(configuration);
        HalvedErrors.putBehindLayers(configuration);
        configuration.setTrainingWorkspaceMode(WorkspaceMode.NONE); // so that gradients of inputs may be read
        configuration.setInferenceWorkspaceMode(WorkspaceMode.NONE);
        configuration.setValidateOutputLayerConfig(false); // the loss is ours
        configuration.getDefaultConfiguration().setSeed(seed);
        this.graph = new Graph(configuration);
        graph.init();
        this.segments = segments(graph);
        segments.forEach(segment -> lengths[segment.isBias() ? 1 : 0] += segment.length());
    }

    /** What a failure says, in one line. */
    public static String firstLine(Throwable failed) {
        String message = failed.getMessage() == null ? failed.getClass().getSimpleName() : failed.getMessage();
        return message.lines().findFirst().orElse("");
    }

    private static List<Segment> segments(ComputationGraph graph) {
        Map<String, INDArray> parameters = graph.paramTable();
        List<Segment> segments = new ArrayList<>();
        for (org.deeplearning4j.nn.api.Layer layer : graph.getLayers()) {
            Layer declared = layer.conf().getLayer();
            ParamInitializer names = declared.initializer();
            for (String name : layer.paramTable(false).keySet()) {
                INDArray part = Optional.ofNullable(parameters.get(declared.getLayerName() + "_" + name))
                        .orElseThrow();
                segments.add(new Segment(
                        declared.getLayerName(),
                        (int) part.offset(),
                        (int) part.length(),
                        names.isBiasParam(declared, name)));
            }
        }
        segments.sort(Comparator.comparing(Segment::from));
        return segments;
    }

    /** The graph itself, with the tensors that were loaded last; to be read. */
    public ComputationGraph dl4j() {
        return graph;
    }

    /** Returns the names of the vertices that a vertex reads. */
    public static List<String> inputs(ComputationGraphConfiguration configuration, String vertex) {
        return configuration.getVertexInputs().getOrDefault(vertex, List.of());
    }

    /** Whether a vertex is there for the backward pass alone, and otherwise hands on what it gets. */
    public static boolean isOfLearningAlone(GraphVertex vertex) {
        return vertex instanceof HalvedErrors;
    }

    /** Width of the output. */
    public int width() {
        return width;
    }

    /** [2] Numbers of the matrices, and of the biases. */
    public int[] lengths() {
        return lengths.clone();
    }

    /**
     * Returns the tensors to begin with, of a network that has loaded none: those that were saved, else as DL4J has drawn them.
     *
     * @param outputScale factor on the drawn matrices of the output's layer
     */
    public float[][] initialTensors(double outputScale) {
        Optional<float[]> saved = declared.parameters();
        saved.ifPresent(parameters -> graph.setParams(Nd4j.createFromArray(parameters)));
        float[] flat = graph.params().dup('c').data().asFloat();
        for (Segment segment : saved.isPresent() ? List.<Segment>of() : segments) {
            if (!segment.isBias() && segment.layer().equals(output)) {
                for (int at = segment.from(); at < segment.from() + segment.length(); at++) {
                    flat[at] = (float) (flat[at] * outputScale);
                }
            }
        }
        float[][] tensors = {new float[lengths[0]], new float[lengths[1]]};
        copy(tensors, flat, false);
        return tensors;
    }

    /** Takes tensors, unless it has these. */
    public void load(float[][] tensors) {
        if (Arrays.equals(tensors[0], loaded[0]) && Arrays.equals(tensors[1], loaded[1])) {
            return;
        }
        float[] flat = new float[lengths[0] + lengths[1]];
        copy(tensors, flat, true);
        graph.setParams(Nd4j.createFromArray(flat));
        loaded = new float[][] {tensors[0].clone(), tensors[1].clone()};
    }

    private void copy(float[][] tensors, float[] flat, boolean isIntoFlat) {
        int[] at = new int[2];
        for (Segment segment : segments) {
            int which = segment.isBias() ? 1 : 0;
            if (isIntoFlat) {
                System.arraycopy(tensors[which], at[which], flat, segment.from(), segment.length());
            } else {
                System.arraycopy(flat, segment.from(), tensors[which], at[which], segment.length());
            }
            at[which] += segment.length();
        }
    }

    /**
     * Forward pass of some rows.
     *
     * @param rows [.., stride] input rows
     * @param count rows from {@code from} on
     * @param size rows that the graph sees: those, then rows of zeros
     * @param out [.., width] filled from {@code from} on
     */
    public void forward(float[] rows, int stride, int from, int count, int size, float[] out) {
        INDArray[] masks = new INDArray[inputs.size()];
        INDArray[] given = given(rows, stride, from, count, size, masks);
        float[] found = graph.output(false, given, masks)[0].dup('c').data().asFloat();
        System.arraycopy(found, 0, out, from * width, count * width);
    }

    /** Forward pass of the first n rows in a learning step. {@link #backward} may follow. */
    public void forwardToLearn(float[] rows, int stride, int n, long seed, float[] out) {
        INDArray[] masks = new INDArray[inputs.size()];
        INDArray[] given = given(rows, stride, 0, n, n, masks);
        Nd4j.getRandom().setSeed(seed); // of the dropout
        graph.setLayerMaskArrays(masks, null);
        INDArray found = Optional.ofNullable(
                        graph.feedForward(given, true, false).get(output))
                .orElseThrow();
        if (found.rank() != 2 || found.size(1) != width) {
            throw new IllegalArgumentException("output " + output + " has shape " + Arrays.toString(found.shape())
                    + ": must be [rows, " + width + "], as tower.dim is");
        }
        System.arraycopy(found.dup('c').data().asFloat(), 0, out, 0, n * width);
    }

    /**
     * Backward pass of the last {@link #forwardToLearn}.
     *
     * @param errors [n, width] gradients of the output
     * @param rowGradients [n, stride] the columns of this graph's inputs are filled
     * @param gradients of the tensors, filled
     */
    public void backward(float[] errors, int n, float[] rowGradients, int stride, float[][] gradients) {
        INDArray given = Nd4j.createFromArray(Arrays.copyOf(errors, n * width)).reshape(n, width);
        if (isFirst) {
            isFirst = false;
            QuietOutput.during(() -> graph.backward(given));
        } else {
            graph.backward(given);
        }
        copy(gradients, graph.getGradientsViewArray().dup('c').data().asFloat(), false);
        for (GraphInput input : inputs) {
            INDArray found = graph.getVertex(input.name()).getEpsilon();
            if (found != null) {
                give(input, found.dup('c').data().asFloat(), n, rowGradients, stride);
            }
        }
        graph.clear();
    }

    /** The graph's inputs of some rows. Masks are filled: a sequence has one, features have none. */
    private INDArray[] given(float[] rows, int stride, int from, int count, int size, INDArray[] masks) {
        INDArray[] given = new INDArray[inputs.size()];
        for (int at = 0; at < given.length; at++) {
            GraphInput input = inputs.get(at);
            int first = from * stride + input.first();
            if (input.isSequence()) {
                masks[at] = mask(rows, stride, first, count, size, input.places());
                given[at] = sequence(rows, stride, first, count, size, input);
            } else {
                given[at] = features(rows, stride, first, count, size, input.width());
            }
        }
        return given;
    }

    private static INDArray features(float[] rows, int stride, int first, int count, int size, int width) {
        float[] numbers = new float[size * width];
        for (int i = 0; i < count; i++) {
            System.arraycopy(rows, first + i * stride, numbers, i * width, width);
        }
        return Nd4j.createFromArray(numbers).reshape(size, width);
    }

    private static INDArray sequence(float[] rows, int stride, int first, int count, int size, GraphInput input) {
        int width = input.width();
        int places = input.places();
        float[] numbers = new float[size * width * places];
        for (int i = 0; i < count; i++) {
            int row = first + i * stride;
            for (int place = 0; place < (int) rows[row]; place++) {
                int from = row - input.first() + input.column(place);
                for (int d = 0; d < width; d++) { // DL4J has [row, width, place]
                    numbers[(i * width + d) * places + place] = rows[from + d];
                }
            }
        }
        return Nd4j.createFromArray(numbers).reshape(size, width, places);
    }

    /** Marks the places that a history has. An empty one is one place of zeros. */
    private static INDArray mask(float[] rows, int stride, int first, int count, int size, int places) {
        float[] mask = new float[size * places];
        for (int i = 0; i < size; i++) {
            int filled = i < count ? (int) rows[first + i * stride] : 0;
            Arrays.fill(mask, i * places, i * places + Math.max(filled, 1), 1);
        }
        return Nd4j.createFromArray(mask).reshape(size, places);
    }

    private static void give(GraphInput input, float[] found, int n, float[] rowGradients, int stride) {
        int width = input.width();
        int places = input.places();
        for (int i = 0; i < n; i++) {
            int row = i * stride;
            if (!input.isSequence()) {
                System.arraycopy(found, i * width, rowGradients, row + input.first(), width);
                continue;
            }
            for (int place = 0; place < places; place++) {
                for (int d = 0; d < width; d++) {
                    rowGradients[row + input.column(place) + d] = found[(i * width + d) * places + place];
                }
            }
        }
    }

    /** The graph, with what DL4J keeps to itself: a backward pass that leaves the gradients of the inputs where they are. */
    private static final class Graph extends ComputationGraph {

        private static final long serialVersionUID = 1;

        Graph(ComputationGraphConfiguration configuration) {
            super(configuration);
        }

        void backward(INDArray errors) {
            calcBackpropGradients(false, false, errors);
        }
    }
}
