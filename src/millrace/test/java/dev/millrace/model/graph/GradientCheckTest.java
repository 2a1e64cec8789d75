package dev.millrace.model.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.gradientcheck.GradientCheckUtil;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The ready graphs, small and with a loss behind them, by DL4J's own checker: it moves each parameter, in double precision. */
class GradientCheckTest {

    private static final int FEATURES = 5;
    private static final int ROW = 4;
    private static final int PLACES = 3;
    private static final int WIDTH = 3;
    private static final int ROWS = 4;

    private final Random random = new Random(1);

    /** The checker wants doubles as this process's type of numbers. */
    @BeforeEach
    void doubles() {
        Nd4j.setDefaultDataTypes(DataType.DOUBLE, DataType.DOUBLE);
    }

    @AfterEach
    void floatsAgain() {
        Nd4j.setDefaultDataTypes(DataType.FLOAT, DataType.FLOAT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "lstm", "convolution", "attention"})
    void theCheckerFindsNoWrongGradient(String name) throws IOException {
        DeclaredGraph declared = declared(name);
        assertThat(isRight(declared, graph(declared))).isTrue();
    }

    /** So the checker would find what is wrong: without the vertex that halves them, attention counts its errors twice. */
    @Test
    void theCheckerFindsErrorsThatCountTwice() throws IOException {
        DeclaredGraph declared = declared("attention");
        ComputationGraphConfiguration twice = graph(declared).getConfiguration().clone();
        twice.getVertices()
                .replaceAll((name, vertex) -> GraphNetwork.isOfLearningAlone(vertex) ? new ScaleVertex(1) : vertex);
        ComputationGraph graph = new ComputationGraph(twice);
        graph.init();
        assertThat(isRight(declared, graph)).isFalse();
    }

    private static DeclaredGraph declared(String name) throws IOException {
        return GraphText.read(Files.readString(Path.of("config/graphs/" + name + ".json"))
                .replace("\"nout\": 64", "\"nout\": 6")
                .replace("\"headSize\": 32", "\"headSize\": 3"));
    }

    private static ComputationGraph graph(DeclaredGraph declared) {
        List<GraphInput> inputs = declared.inputs().stream()
                .map(name -> name.equals(GraphInput.FEATURES)
                        ? new GraphInput(name, 0, FEATURES, 0)
                        : new GraphInput(name, FEATURES, ROW, PLACES))
                .toList();
        return new GraphNetwork(declared, inputs, WIDTH, 7).dl4j();
    }

    private boolean isRight(DeclaredGraph declared, ComputationGraph graph) {
        ComputationGraph withLoss = new TransferLearning.GraphBuilder(graph)
                .addLayer(
                        "loss",
                        new LossLayer.Builder(LossFunction.MSE)
                                .activation(Activation.IDENTITY)
                                .updater(new NoOp())
                                .build(),
                        declared.output())
                .setOutputs("loss")
                .build()
                .convertDataType(DataType.DOUBLE);
        withLoss.getConfiguration().setTrainingWorkspaceMode(WorkspaceMode.NONE); // as where graphs learn
        withLoss.getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE);
        boolean hasHistory = declared.inputs().size() == 2;
        INDArray features = numbers(ROWS, FEATURES);
        INDArray history = numbers(ROWS, ROW, PLACES);
        INDArray mask = Nd4j.zeros(DataType.DOUBLE, ROWS, PLACES);
        for (int row = 0; row < ROWS; row++) {
            for (int place = 0; place <= row % PLACES; place++) {
                mask.putScalar(row, place, 1);
            }
        }
        return GradientCheckUtil.checkGradients(new GradientCheckUtil.GraphConfig()
                .net(withLoss)
                .inputs(hasHistory ? new INDArray[] {features, history} : new INDArray[] {features})
                .inputMask(hasHistory ? new INDArray[] {null, mask} : new INDArray[] {null})
                .labels(new INDArray[] {numbers(ROWS, WIDTH)}));
    }

    private INDArray numbers(long... shape) {
        INDArray numbers = Nd4j.create(DataType.DOUBLE, shape);
        for (long at = 0; at < numbers.length(); at++) {
            numbers.putScalar(at, random.nextGaussian());
        }
        return numbers;
    }
}
