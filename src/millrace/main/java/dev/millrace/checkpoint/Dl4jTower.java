package dev.millrace.checkpoint;

import dev.millrace.model.TowerExport;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.graph.GraphNetwork;
import dev.millrace.model.graph.UnexportableException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;

/**
 * A tower as a {@code ComputationGraph} of DeepLearning4J: {@code x [n, inputs]} to {@code vector [n, width]}; of a user tower with several channels
 * {@code factors [n, channels]} is an input too. A history that a graph reads is an input of its name, [n, width, places] with a mask.
 *
 * <p>A tower that is exported is not learnt again: it has no updater.
 */
public final class Dl4jTower implements TowerExport {

    public static final String INPUT = "x";
    public static final String FACTORS = "factors";
    public static final String OUTPUT = "vector";

    private final ComputationGraphConfiguration.GraphBuilder graph =
            new NeuralNetConfiguration.Builder().updater(new NoOp()).graphBuilder();
    private final Map<String, Integer> widths = new HashMap<>();
    private final Map<String, INDArray> parameters = new LinkedHashMap<>();
    private final Set<String> histories = new HashSet<>();
    private int names;

    /** Writes the graph, once the network was exported into it, as DL4J saves one. */
    public void write(OutputStream out) throws IOException {
        ComputationGraph network =
                new ComputationGraph(graph.validateOutputLayerConfig(false).build());
        network.init();
        parameters.forEach((name, value) -> network.getParam(name).assign(value));
        ModelSerializer.writeModel(network, out, false);
    }

    @Override
    public String input(int width) {
        return input(INPUT, width);
    }

    @Override
    public String factors(int channels) {
        return input(FACTORS, channels);
    }

    /** @param name of a history too, which several channels may read */
    private String input(String name, int width) {
        if (widths.containsKey(name) && width(name) == width && histories.contains(name)) {
            return name;
        }
        if (widths.containsKey(name)) {
            throw new UnexportableException("history " + name + " has the name of another input of the export");
        }
        graph.addInputs(name);
        widths.put(name, width);
        return name;
    }

    @Override
    public String dense(String in, float[] weights, float[] bias) {
        String name = next(bias.length);
        graph.addLayer(
                name,
                new DenseLayer.Builder()
                        .nIn(width(in))
                        .nOut(bias.length)
                        .activation(Activation.IDENTITY)
                        .build(),
                in);
        parameters.put(name + "_W", Nd4j.createFromArray(weights).reshape('c', width(in), bias.length));
        parameters.put(name + "_b", Nd4j.createFromArray(bias).reshape(1, bias.length));
        return name;
    }

    @Override
    public String relu(String in) {
        return activation(in, Activation.RELU.getActivationFunction());
    }

    @Override
    public String leakyRelu(String in, float slope) {
        return activation(in, new ActivationLReLU(slope));
    }

    @Override
    public String tanh(String in) {
        return activation(in, Activation.TANH.getActivationFunction());
    }

    @Override
    public String sigmoid(String in) {
        return activation(in, Activation.SIGMOID.getActivationFunction());
    }

    private String activation(String in, IActivation function) {
        String name = next(width(in));
        graph.addLayer(name, new ActivationLayer.Builder().activation(function).build(), in);
        return name;
    }

    @Override
    public String columns(String in, int from, int to) {
        return from == 0 && to == width(in) ? in : vertex(new SubsetVertex(from, to - 1), to - from, in);
    }

    @Override
    public String mean(String in) {
        float[] shares = new float[width(in)];
        Arrays.fill(shares, 1f / shares.length);
        return dense(in, shares, new float[1]);
    }

    @Override
    public String sum(String left, String right) {
        return vertex(new ElementWiseVertex(ElementWiseVertex.Op.Add), width(left), left, right);
    }

    @Override
    public String product(String left, String right) {
        int width = Math.max(width(left), width(right));
        return vertex(
                new ElementWiseVertex(ElementWiseVertex.Op.Product),
                width,
                repeated(left, width),
                repeated(right, width));
    }

    /** A single column, as often as there are columns beside it. */
    private String repeated(String in, int width) {
        if (width(in) == width) {
            return in;
        }
        float[] ones = new float[width];
        Arrays.fill(ones, 1);
        return dense(in, ones, new float[width]);
    }

    @Override
    public String scaled(String in, float factor) {
        return vertex(new ScaleVertex(factor), width(in), in);
    }

    @Override
    public String shifted(String in, float term) {
        return vertex(new ShiftVertex(term), width(in), in);
    }

    @Override
    public String sideBySide(List<String> parts) {
        int width = parts.stream().mapToInt(this::width).sum();
        return parts.size() == 1 ? parts.get(0) : vertex(new MergeVertex(), width, parts.toArray(String[]::new));
    }

    @Override
    public String unit(String in, float leastLength) {
        return vertex(new L2NormalizeVertex(new int[] {1}, leastLength), width(in), in);
    }

    @Override
    public void output(String value, int width) {
        graph.addLayer(
                OUTPUT,
                new ActivationLayer.Builder().activation(Activation.IDENTITY).build(),
                value);
        graph.setOutputs(OUTPUT);
    }

    @Override
    public Optional<String> graph(GraphNetwork own, List<GraphInput> inputs, String in) {
        String prefix = next(0) + ".";
        ComputationGraph network = own.dl4j();
        ComputationGraphConfiguration declared = network.getConfiguration();
        Map<String, String> values = new HashMap<>();
        for (GraphInput input : inputs) {
            values.put(input.name(), input.isSequence() ? history(input) : columns(in, input.first(), input.width()));
        }
        for (int index : network.topologicalSortOrder()) {
            String name = network.getVertices()[index].getVertexName();
            Optional<GraphVertex> vertex =
                    Optional.ofNullable(declared.getVertices().get(name));
            if (vertex.isEmpty()) { // an input
                continue;
            }
            String[] from = GraphNetwork.inputs(declared, name).stream()
                    .map(values::get)
                    .toArray(String[]::new);
            if (GraphNetwork.isOfLearningAlone(vertex.get())) {
                values.put(name, from[0]);
                continue;
            }
            GraphVertex copy = vertex.get().clone();
            if (copy instanceof LayerVertex layer) {
                layer.getLayerConf().getLayer().setLayerName(prefix + name);
            }
            graph.addVertex(prefix + name, copy, from);
            values.put(name, prefix + name);
        }
        network.paramTable().forEach((name, value) -> parameters.put(prefix + name, value.dup()));
        String output = Optional.ofNullable(
                        values.get(declared.getNetworkOutputs().get(0)))
                .orElseThrow();
        widths.put(output, own.width());
        return Optional.of(output);
    }

    private String history(GraphInput input) {
        String name = input(input.name(), input.width());
        histories.add(name);
        return name;
    }

    private String vertex(GraphVertex vertex, int width, String... in) {
        String name = next(width);
        graph.addVertex(name, vertex, in);
        return name;
    }

    private int width(String value) {
        return Optional.ofNullable(widths.get(value)).orElseThrow();
    }

    private String next(int width) {
        String name = "millrace." + names++;
        widths.put(name, width);
        return name;
    }
}
