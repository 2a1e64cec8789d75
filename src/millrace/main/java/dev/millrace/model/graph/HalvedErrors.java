package dev.millrace.model.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A vertex that hands on what it gets, and half of the errors that come back.
 *
 * <p>Layers of DL4J 1.0.0-M2.1 that SameDiff runs, such as attention, count their errors twice: their gradients and those of their inputs are exactly
 * twice as long as the differences say. One of these behind each such layer makes them right.
 */
final class HalvedErrors extends GraphVertex {

    private static final long serialVersionUID = 1;
    private static final String SUFFIX = "/halved-errors";

    /** Puts one behind each layer that needs it. */
    static void putBehindLayers(ComputationGraphConfiguration configuration) {
        Map<String, GraphVertex> vertices = configuration.getVertices();
        Map<String, GraphVertex> added = new HashMap<>();
        vertices.forEach((name, vertex) -> {
            if (vertex instanceof LayerVertex layer && layer.getLayerConf().getLayer() instanceof SameDiffLayer) {
                added.put(name, new HalvedErrors());
            }
        });
        configuration.getVertexInputs().replaceAll((name, inputs) -> inputs.stream()
                .map(input -> added.containsKey(input) ? input + SUFFIX : input)
                .toList());
        added.forEach((name, halved) -> {
            vertices.put(name + SUFFIX, halved);
            configuration.getVertexInputs().put(name + SUFFIX, List.of(name));
        });
    }

    @Override
    public GraphVertex clone() {
        return new HalvedErrors();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HalvedErrors;
    }

    @Override
    public int hashCode() {
        return SUFFIX.hashCode();
    }

    @Override
    public long numParams(boolean backprop) {
        return 0;
    }

    @Override
    public int minVertexInputs() {
        return 1;
    }

    @Override
    public int maxVertexInputs() {
        return 1;
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph, String name, int index, INDArray parameters, boolean isInitialised, DataType type) {
        return new Running(graph, name, index, type);
    }

    @Override
    public InputType getOutputType(int index, InputType... inputs) {
        return inputs[0];
    }

    @Override
    public MemoryReport getMemoryReport(InputType... inputs) {
        throw new UnsupportedOperationException();
    }

    @SuppressWarnings("overrides") // DL4J's own classes differ in "..."
    private static final class Running extends BaseGraphVertex {

        private static final long serialVersionUID = 1;

        @SuppressWarnings("NullAway") // DL4J sets the neighbours later
        Running(ComputationGraph graph, String name, int index, DataType type) {
            super(graph, name, index, null, null, type);
        }

        @Override
        public boolean hasLayer() {
            return false;
        }

        @Override
        public @Nullable Layer getLayer() {
            return null;
        }

        @Override
        public INDArray doForward(boolean isTraining, LayerWorkspaceMgr workspaces) {
            return inputs[0];
        }

        @Override
        public Pair<@Nullable Gradient, INDArray[]> doBackward(boolean isTruncated, LayerWorkspaceMgr workspaces) {
            return new Pair<>(null, new INDArray[] {epsilon.mul(0.5)});
        }

        @Override
        public void setBackpropGradientsViewArray(INDArray gradients) {
            // it has none
        }

        @Override
        public @Nullable Pair<INDArray, MaskState> feedForwardMaskArrays(
                INDArray @Nullable [] masks, MaskState state, int size) {
            return Optional.ofNullable(masks)
                    .map(given -> new Pair<>(given[0], state))
                    .orElse(null);
        }

        @Override
        public String toString() {
            return vertexName;
        }
    }
}
