package dev.millrace.model.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MlpKernelTest {

    private static final MlpShape SHAPE = MlpShape.of(11, List.of(9, 7), 5, Activation.RELU);

    @Test
    void smallerBatchAfterALargerOneReadsNothingOfIt() {
        NetworkShape.Kernel fresh = kernel(1);
        NetworkShape.Kernel used = kernel(1);
        used.forward(random(40 * SHAPE.inputs(), 9), 40, new float[40 * SHAPE.outputs()], 0);
        used.backward(random(40 * SHAPE.outputs(), 8), 40, new float[40 * SHAPE.inputs()]);

        float[] inputs = random(10 * SHAPE.inputs(), 1);
        float[] outputGradients = random(10 * SHAPE.outputs(), 2);
        for (NetworkShape.Kernel kernel : List.of(fresh, used)) {
            kernel.forward(inputs, 10, new float[10 * SHAPE.outputs()], 0);
            kernel.backward(outputGradients, 10, new float[10 * SHAPE.inputs()]);
        }

        assertThat(used.gradients()).isEqualTo(fresh.gradients());
    }

    @Test
    void outputScaleShrinksTheLastLayerOnly() {
        float[][] whole = kernel(1).weights();

        float[][] scaled = kernel(0.5).weights();

        assertThat(scaled[0]).isEqualTo(whole[0]);
        assertThat(scaled[2]).isEqualTo(whole[2]);
        for (int at = 0; at < whole[4].length; at++) {
            assertThat(scaled[4][at]).isEqualTo(0.5f * whole[4][at]);
        }
    }

    private static NetworkShape.Kernel kernel(double outputScale) {
        return SHAPE.kernel(StepEngine.alone(Engine.VECTOR), 3, outputScale);
    }

    private static float[] random(int length, long seed) {
        Random random = new Random(seed);
        float[] values = new float[length];
        for (int at = 0; at < length; at++) {
            values[at] = (float) random.nextGaussian();
        }
        return values;
    }
}
