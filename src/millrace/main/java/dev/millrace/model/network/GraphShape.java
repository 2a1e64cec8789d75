package dev.millrace.model.network;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Team;
import dev.millrace.model.graph.DeclaredGraph;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.graph.GraphNetwork;
import dev.millrace.state.CounterRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A network of DeepLearning4J, as a user declares it. It has two tensors, see {@link GraphNetwork}, and needs ND4J's native libraries as soon as
 * it is asked for them.
 *
 * <p>A learning step runs all of its rows at once, so their bits depend on the whole batch, which the log has. Elsewhere the bits of a row depend on
 * the weights and that row alone: rows are read in tiles of a fixed size.
 */
final class GraphShape implements NetworkShape {

    /** A number of a graph costs as many of a built-in network's, about. */
    private static final long PRICE = 20;

    private static final int TRIED = 5;

    private final DeclaredGraph graph;
    private final List<GraphInput> columns;
    private final int inputs;
    private final int outputs;
    private final int tile;
    /** Networks that nobody uses; each with the weights that it was used with. */
    private final Queue<GraphNetwork> idle = new ConcurrentLinkedQueue<>();

    /**
     * @param columns of the graph's inputs, in their order
     * @param inputs width of an input row
     */
    GraphShape(DeclaredGraph graph, List<GraphInput> columns, int inputs, int outputs) {
        this.graph = graph;
        this.columns = List.copyOf(columns);
        this.inputs = inputs;
        this.outputs = outputs;
        this.tile = graph.tile();
    }

    /** Runs it once, forward and backward, and a row alone and among others. Returns why it cannot run. */
    Optional<String> fault() {
        try {
            float[][] weights = initialWeights(Engine.ND4J, 0, 1);
            float[] rows = trialRows();
            float[] out = new float[TRIED * outputs];
            Kernel learner = kernel(weights, zeros(), new Run(Engine.ofRows(), Team.alone(), true));
            learner.forward(rows, TRIED, out, 0);
            learner.backward(new float[TRIED * outputs], TRIED, new float[TRIED * inputs]);
            Kernel reader = reader(weights, Engine.ofRows(), Team.alone());
            reader.forward(rows, TRIED, out, 0);
            float[] alone = new float[outputs];
            reader.forward(Arrays.copyOfRange(rows, inputs, 2 * inputs), 1, alone, 0);
            boolean isFinite = Loops.now().areFinite(out, 0, out.length);
            boolean isOfRows = Arrays.equals(alone, Arrays.copyOfRange(out, outputs, 2 * outputs));
            return isFinite && isOfRows
                    ? Optional.empty()
                    : Optional.of(isFinite ? "makes a row depend on others" : "makes numbers that are not finite");
        } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError unfit) { // DL4J has many
            return Optional.of("does not fit: " + GraphNetwork.firstLine(unfit));
        }
    }

    /** [TRIED, inputs] Rows that differ, with histories of several lengths. */
    private float[] trialRows() {
        float[] rows = new float[TRIED * inputs];
        for (int row = 0; row < TRIED; row++) {
            for (GraphInput input : columns) {
                int first = row * inputs + input.first();
                int count = input.isSequence() ? 1 + row % input.places() * input.width() : input.width();
                for (int at = 0; at < count; at++) {
                    rows[first + at] = (float) (CounterRandom.unit(row, first, at) - 0.5);
                }
                if (input.isSequence()) {
                    rows[first] = row % input.places();
                }
            }
        }
        return rows;
    }

    @Override
    public int inputs() {
        return inputs;
    }

    @Override
    public int outputs() {
        return outputs;
    }

    /** None that is known here. */
    @Override
    public List<Layer> layers() {
        return List.of();
    }

    @Override
    public int tensors() {
        return 2;
    }

    @Override
    public float[][] zeros() {
        int[] lengths = lengths();
        return new float[][] {new float[lengths[0]], new float[lengths[1]]};
    }

    private int[] lengths() {
        GraphNetwork network = take();
        idle.add(network);
        return network.lengths();
    }

    @Override
    public long multiplyAdds() {
        int[] lengths = lengths();
        int places = columns.stream().mapToInt(GraphInput::places).max().orElse(0);
        return PRICE * (lengths[0] + lengths[1]) * Math.max(1, places);
    }

    /** DL4J draws them, or they were saved with the graph. */
    @Override
    public float[][] initialWeights(Engine engine, long seed, double outputScale) {
        return new GraphNetwork(graph, columns, outputs, seed).initialTensors(outputScale);
    }

    private GraphNetwork take() {
        GraphNetwork known = idle.poll();
        return known == null ? new GraphNetwork(graph, columns, outputs, 0) : known;
    }

    @Override
    public Kernel kernel(float[][] weights, float[][] gradients, Run run) {
        return new GraphKernel(weights, gradients, run);
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, String in) {
        GraphNetwork network = take();
        try {
            network.load(tensors);
            Optional<String> whole = to.graph(network, columns, in);
            if (whole.isPresent()) {
                return whole.get();
            }
            Map<String, String> values = new HashMap<>();
            columns.stream()
                    .filter(input -> !input.isSequence())
                    .forEach(input -> values.put(input.name(), to.columns(in, input.first(), input.width())));
            return new GraphLayers(to, network.dl4j()).export(values);
        } finally {
            idle.add(network);
        }
    }

    private final class GraphKernel extends Kernel {

        /** Of the last pass of a learning step. */
        private Optional<GraphNetwork> learnt = Optional.empty();

        GraphKernel(float[][] weights, float[][] gradients, Run run) {
            super(GraphShape.this, weights, gradients, run);
        }

        @Override
        public void forward(float[] rows, int n, float[] out, long seed) {
            GraphNetwork network = learnt.orElseGet(GraphShape.this::take);
            network.load(weights);
            if (run.isLearning()) {
                learnt = Optional.of(network);
                network.forwardToLearn(rows, inputs, n, seed, out);
                return;
            }
            for (int from = 0; from < n; from += tile) {
                network.forward(rows, inputs, from, Math.min(tile, n - from), tile, out);
            }
            idle.add(network);
        }

        @Override
        public void backward(float[] outputGradients, int n, float[] inputGradients) {
            Arrays.fill(inputGradients, 0, n * inputs, 0f);
            learnt.orElseThrow().backward(outputGradients, n, inputGradients, inputs, gradients);
        }
    }
}
