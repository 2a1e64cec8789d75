package dev.millrace.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class MlpKernelTest {

    private static final MlpShape SHAPE = MlpShape.of(11, List.of(9, 7), 5, Activation.RELU);

    @ParameterizedTest
    @CsvSource({"VECTOR,3", "VECTOR,32", "ND4J,3", "ND4J,32"})
    void agreesWithTheLayersOfDl4j(Engine engine, int n) {
        // Given the same weights in DL4J, in double precision
        MlpKernel kernel = new MlpKernel(SHAPE, StepEngine.alone(engine), 3, 1);
        MultiLayerConfiguration configuration = Dl4jNetwork.configuration(SHAPE, 3, DataType.DOUBLE);
        configuration.setTrainingWorkspaceMode(WorkspaceMode.NONE);
        configuration.setInferenceWorkspaceMode(WorkspaceMode.NONE);
        MultiLayerNetwork oracle = new MultiLayerNetwork(configuration);
        oracle.init();
        for (int layer = 0; layer < SHAPE.depth(); layer++) {
            oracle.getLayer(layer).getParam("W").assign(matrix(kernel.weights()[2 * layer], SHAPE.in(layer)));
            oracle.getLayer(layer).getParam("b").assign(matrix(kernel.weights()[2 * layer + 1], 1));
        }
        float[] inputs = random(n * SHAPE.inputs(), 1);
        float[] outputGradients = random(n * SHAPE.outputs(), 2);
        float[] outputs = new float[n * SHAPE.outputs()];
        float[] inputGradients = new float[n * SHAPE.inputs()];

        kernel.forward(inputs, n, outputs, 0);
        kernel.backward(outputGradients, n, inputGradients);

        oracle.setInput(matrix(inputs, n));
        INDArray expected = oracle.feedForward(true, false).get(SHAPE.depth());
        Pair<Gradient, INDArray> back =
                oracle.backpropGradient(matrix(outputGradients, n), LayerWorkspaceMgr.noWorkspaces());
        assertClose(outputs, expected);
        assertClose(inputGradients, back.getSecond());
        for (int layer = 0; layer < SHAPE.depth(); layer++) {
            assertClose(kernel.gradients()[2 * layer], back.getFirst().getGradientFor(layer + "_W"));
            assertClose(kernel.gradients()[2 * layer + 1], back.getFirst().getGradientFor(layer + "_b"));
        }
    }

    @Test
    void smallerBatchAfterALargerOneReadsNothingOfIt() {
        MlpKernel fresh = new MlpKernel(SHAPE, StepEngine.alone(Engine.VECTOR), 3, 1);
        MlpKernel used = new MlpKernel(SHAPE, StepEngine.alone(Engine.VECTOR), 3, 1);
        used.forward(random(40 * SHAPE.inputs(), 9), 40, new float[40 * SHAPE.outputs()], 0);
        used.backward(random(40 * SHAPE.outputs(), 8), 40, new float[40 * SHAPE.inputs()]);

        float[] inputs = random(10 * SHAPE.inputs(), 1);
        float[] outputGradients = random(10 * SHAPE.outputs(), 2);
        for (MlpKernel kernel : List.of(fresh, used)) {
            kernel.forward(inputs, 10, new float[10 * SHAPE.outputs()], 0);
            kernel.backward(outputGradients, 10, new float[10 * SHAPE.inputs()]);
        }

        assertThat(used.gradients()).isEqualTo(fresh.gradients());
    }

    @Test
    void seedDecidesTheInitialWeights() {
        float[][] weights = new MlpKernel(SHAPE, StepEngine.alone(Engine.VECTOR), 3, 1).weights();

        assertThat(new MlpKernel(SHAPE, StepEngine.alone(Engine.VECTOR), 3, 1).weights())
                .isEqualTo(weights);
        assertThat(new MlpKernel(SHAPE, StepEngine.alone(Engine.VECTOR), 4, 1).weights()[0])
                .isNotEqualTo(weights[0]);
    }

    @Test
    void outputScaleShrinksTheLastLayerOnly() {
        float[][] whole = new MlpKernel(SHAPE, StepEngine.alone(Engine.VECTOR), 3, 1).weights();

        float[][] scaled = new MlpKernel(SHAPE, StepEngine.alone(Engine.VECTOR), 3, 0.5).weights();

        assertThat(scaled[0]).isEqualTo(whole[0]);
        assertThat(scaled[2]).isEqualTo(whole[2]);
        for (int at = 0; at < whole[4].length; at++) {
            assertThat(scaled[4][at]).isEqualTo(0.5f * whole[4][at]);
        }
    }

    private static INDArray matrix(float[] rowMajor, int rows) {
        return Nd4j.create(rowMajor, new long[] {rows, rowMajor.length / rows}, 'c')
                .castTo(DataType.DOUBLE);
    }

    private static float[] random(int length, long seed) {
        Random random = new Random(seed);
        float[] values = new float[length];
        for (int at = 0; at < length; at++) {
            values[at] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void assertClose(float[] actual, INDArray expected) {
        double[] exact = expected.dup('c').data().asDouble();
        assertThat(actual).hasSize(exact.length);
        for (int at = 0; at < exact.length; at++) {
            assertThat((double) actual[at]).isCloseTo(exact[at], within(1e-5));
        }
    }
}
