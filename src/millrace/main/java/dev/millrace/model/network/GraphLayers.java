package dev.millrace.model.network;

import dev.millrace.model.graph.GraphNetwork;
import dev.millrace.model.graph.UnexportableException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;

/** Tells a graph of DL4J layer by layer, where each has a counterpart. */
final class GraphLayers {

    private final NetworkExport to;
    private final ComputationGraph graph;

    GraphLayers(NetworkExport to, ComputationGraph graph) {
        this.to = to;
        this.graph = graph;
    }

    /**
     * Exports the graph.
     *
     * @param inputs names of values, by the name of the graph's input
     * @return name of the output rows
     * @throws UnexportableException if a layer has no counterpart
     */
    String export(Map<String, String> inputs) {
        ComputationGraphConfiguration declared = graph.getConfiguration();
        Map<String, String> values = new HashMap<>(inputs);
        for (int index : graph.topologicalSortOrder()) {
            String name = graph.getVertices()[index].getVertexName();
            Optional<GraphVertex> vertex =
                    Optional.ofNullable(declared.getVertices().get(name));
            if (vertex.isEmpty()) { // an input
                if (!values.containsKey(name)) {
                    throw new UnexportableException("input " + name + " is a sequence: rows alone can be exported");
                }
                continue;
            }
            List<String> in = GraphNetwork.inputs(declared, name).stream()
                    .map(from -> Optional.ofNullable(values.get(from)).orElseThrow())
                    .toList();
            values.put(name, value(name, vertex.get(), in));
        }
        return Optional.ofNullable(values.get(declared.getNetworkOutputs().get(0)))
                .orElseThrow();
    }

    private String value(String name, GraphVertex vertex, List<String> in) {
        if (vertex instanceof LayerVertex of) {
            return layer(name, of.getLayerConf().getLayer(), in.get(0));
        } else if (vertex instanceof MergeVertex) {
            return to.sideBySide(in);
        } else if (vertex instanceof SubsetVertex subset) {
            return to.columns(in.get(0), subset.getFrom(), subset.getTo() + 1);
        } else if (vertex instanceof ScaleVertex scale) {
            return to.scaled(in.get(0), (float) scale.getScaleFactor());
        } else if (vertex instanceof ShiftVertex shift) {
            return to.shifted(in.get(0), (float) shift.getShiftFactor());
        } else if (vertex instanceof ElementWiseVertex elements) {
            return elements(name, elements.getOp(), in);
        }
        throw none("vertex " + name, vertex);
    }

    private String elements(String name, ElementWiseVertex.Op op, List<String> in) {
        return switch (op) {
            case Add -> in.stream().reduce(to::sum).orElseThrow();
            case Product -> in.stream().reduce(to::product).orElseThrow();
            case Subtract -> to.sum(in.get(0), to.scaled(in.get(1), -1));
            case Average -> to.scaled(in.stream().reduce(to::sum).orElseThrow(), 1f / in.size());
            case Max -> throw new UnexportableException("vertex " + name + " takes the largest: it has no counterpart");
        };
    }

    private String layer(String name, Layer layer, String in) {
        if (layer instanceof DenseLayer dense && !dense.isHasLayerNorm()) {
            float[] bias = dense.isHasBias() ? parameter(name + "_b") : new float[(int) dense.getNOut()];
            return activated(name, dense.getActivationFn(), to.dense(in, parameter(name + "_W"), bias));
        } else if (layer instanceof ActivationLayer activation) {
            return activated(name, activation.getActivationFn(), in);
        } else if (layer instanceof DropoutLayer) {
            return in;
        }
        throw none("layer " + name, layer);
    }

    private float[] parameter(String name) {
        return graph.getParam(name).dup('c').data().asFloat();
    }

    private String activated(String name, IActivation activation, String in) {
        if (activation instanceof ActivationIdentity) {
            return in;
        } else if (activation instanceof ActivationReLU relu && isPlain(relu)) {
            return to.relu(in);
        } else if (activation instanceof ActivationLReLU leaky) {
            return to.leakyRelu(in, (float) leaky.getAlpha());
        } else if (activation instanceof ActivationTanH) {
            return to.tanh(in);
        } else if (activation instanceof ActivationSigmoid) {
            return to.sigmoid(in);
        } else if (activation instanceof ActivationSwish) {
            return to.product(in, to.sigmoid(in));
        } else if (activation instanceof ActivationCube) {
            return to.product(in, to.product(in, in));
        }
        throw none("layer " + name, activation);
    }

    private static boolean isPlain(ActivationReLU relu) {
        return Stream.of(relu.getMax(), relu.getThreshold(), relu.getNegativeSlope())
                .allMatch(number -> number == null || number == 0);
    }

    private static UnexportableException none(String where, Object part) {
        return new UnexportableException(
                where + " has " + part.getClass().getSimpleName() + ", which has no counterpart in ONNX");
    }
}
