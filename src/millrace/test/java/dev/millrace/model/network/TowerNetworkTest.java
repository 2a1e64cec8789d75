package dev.millrace.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.Differences;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Scenes;
import dev.millrace.model.TwoTowerReference;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.StepEngine;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares every kind of network with its twin in double precision, and its gradients with finite differences of the twin. */
class TowerNetworkTest {

    private static final Products PRODUCTS = StepEngine.alone(Engine.VECTOR).products();
    private static final MlpShape NARROWING = MlpShape.of(11, List.of(9, 7), 5, Activation.RELU);
    private static final double DIFFERENCE = 1e-5;

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.millrace.model.Scenes#towers")
    void forwardAndBackwardAgreeWithTheFormulas(String name, String declared) {
        ModelSettings settings = Scenes.settings(declared);
        check(network(user(settings), Engine.VECTOR), new NetworkReference(settings, true));
        check(network(item(settings), Engine.ND4J), new NetworkReference(settings, false));
    }

    private static void check(TowerNetwork network, NetworkReference reference) {
        TowerShape shape = network.shape();
        int n = 9;
        int width = shape.outputs();
        disturbBiases(network);
        float[] inputs = Scenes.numbers(n * shape.inputs(), 1);
        float[] outputGradients = Scenes.numbers(n * width, 2);
        float[] outputs = new float[n * width];
        float[] all = new float[n * width];
        float[] inputGradients = new float[n * shape.inputs()];

        shape.forward(PRODUCTS, network.weights(), inputs, n, all);
        network.forward(inputs, n, outputs, 7);
        network.backward(outputGradients, n, inputGradients);

        double[][] weights = TwoTowerReference.doubles(network.weights());
        double[] exactInputs = TwoTowerReference.doubles(new float[][] {inputs})[0];
        double[] exact = exact(reference, weights, exactInputs, n);
        for (int i = 0; i < n; i++) {
            float[] row = new float[width];
            float[] input = Arrays.copyOfRange(inputs, i * shape.inputs(), (i + 1) * shape.inputs());
            shape.forward(PRODUCTS, network.weights(), input, 1, row);
            assertThat(row).isEqualTo(Arrays.copyOfRange(all, i * width, (i + 1) * width));
        }
        for (int at = 0; at < exact.length; at++) {
            assertThat((double) outputs[at]).isCloseTo(exact[at], within(2e-5));
            assertThat((double) all[at]).isCloseTo(exact[at], within(2e-5));
        }
        DoubleSupplier along = () -> {
            double[] now = exact(reference, weights, exactInputs, n);
            return IntStream.range(0, now.length)
                    .mapToDouble(at -> now[at] * outputGradients[at])
                    .sum();
        };
        assertThat(network.weights().length).isEqualTo(shape.tensors());
        for (int tensor = 0; tensor < weights.length; tensor++) {
            assertClose("tensor " + tensor, network.gradients()[tensor], weights[tensor], along);
        }
        assertClose("inputs", inputGradients, exactInputs, along);
    }

    private static void assertClose(String what, float[] gradients, double[] numbers, DoubleSupplier along) {
        assertThat(gradients).hasSameSizeAs(numbers);
        for (int at = 0; at < numbers.length; at++) {
            double expected = Differences.of(numbers, at, DIFFERENCE, along);
            assertThat((double) gradients[at])
                    .as("%s at %d", what, at)
                    .isCloseTo(expected, within(1e-4 + 1e-4 * Math.abs(expected)));
        }
    }

    /** [n, outputs] */
    private static double[] exact(NetworkReference reference, double[][] weights, double[] inputs, int n) {
        int width = inputs.length / n;
        return IntStream.range(0, n)
                .boxed()
                .flatMap(i ->
                        reference.channels(weights, Arrays.copyOfRange(inputs, i * width, (i + 1) * width)).stream())
                .flatMapToDouble(Arrays::stream)
                .toArray();
    }

    @Test
    void anotherChannelDoesNotChangeTheFirst() {
        TowerShape one = user(Scenes.settings());
        TowerShape two = user(Scenes.settings("tower.channels=mlp,cross"));

        float[][] first = network(one, Engine.VECTOR).weights();
        float[][] both = network(two, Engine.VECTOR).weights();

        assertThat(Arrays.copyOf(both, first.length)).isEqualTo(first);
    }

    @Test
    void channelsOfOneKindHaveDifferentInitialWeights() {
        TowerShape shape = user(Scenes.settings("tower.channels=click,like"));

        float[][] weights = network(shape, Engine.VECTOR).weights();

        assertThat(weights[weights.length / 2]).hasSameSizeAs(weights[0]).isNotEqualTo(weights[0]);
    }

    @Test
    void fieldsOfAnUntrainedModelHaveEqualWeights() {
        // 2σ(x) is 1 at 0, and with rows of zeros that is where every weight is
        TowerShape shape = user(Scenes.settings("tower.user.senet=true"));
        TowerNetwork network = network(shape, Engine.VECTOR);

        network.forward(new float[2 * shape.inputs()], 2, new float[2 * shape.outputs()], 0);

        assertThat(network.meanFieldWeights(2).orElseThrow())
                .hasSize(shape.starts().size() - 1)
                .containsOnly(1.0);
    }

    @Test
    void dropoutDependsOnTheSeedAloneAndOnlyStepsHaveIt() {
        MlpShape shape = MlpShape.of(4, List.of(1000), 1, Activation.IDENTITY).withDropout(0.25);
        NetworkShape.Kernel kernel = learning(shape, Engine.VECTOR, 1);
        Arrays.fill(kernel.weights()[0], 0f);
        Arrays.fill(kernel.weights()[1], 1f); // every hidden number is 1 …
        Arrays.fill(kernel.weights()[2], 1f); // … and the output their sum
        float[] inputs = new float[40];
        float[] plain = new float[10];
        float[] dropped = new float[10];
        float[] again = new float[10];
        float[] other = new float[10];

        kernel.forward(inputs, 10, again, 7);
        kernel.forward(inputs, 10, other, 8);
        shape.forward(PRODUCTS, kernel.weights(), inputs, 10, plain);
        kernel.forward(inputs, 10, dropped, 7);

        assertThat(plain).containsOnly(1000f);
        assertThat(dropped).isEqualTo(again).isNotEqualTo(other);
        // of 1000 numbers 750 ± 14 stay, each of 4/3: a sum of 1000 ± 18, here within five deviations
        for (float sum : dropped) {
            assertThat(sum).isCloseTo(1000f, within(90f)).isNotEqualTo(1000f);
        }
    }

    @Test
    void dropoutPassesTheGradientOfTheNumbersThatItKeeps() {
        // with identity activations the output is linear in every single weight: a difference is exact however
        // large
        NetworkShape.Kernel kernel =
                learning(MlpShape.of(3, List.of(6, 5), 2, Activation.IDENTITY).withDropout(0.4), Engine.VECTOR, 1);
        int n = 9;
        float[] inputs = Scenes.numbers(n * 3, 1);
        float[] outputGradients = Scenes.numbers(n * 2, 2);
        float[] inputGradients = new float[n * 3];

        kernel.forward(inputs, n, new float[n * 2], 7);
        kernel.backward(outputGradients, n, inputGradients);

        float[][] gradients = TwoTowerReference.copy(kernel.gradients());
        for (int tensor = 0; tensor < gradients.length; tensor++) {
            for (int at = 0; at < gradients[tensor].length; at++) {
                float weight = kernel.weights()[tensor][at];
                kernel.weights()[tensor][at] = weight + 1;
                double above = along(kernel, inputs, outputGradients, n);
                kernel.weights()[tensor][at] = weight - 1;
                double below = along(kernel, inputs, outputGradients, n);
                kernel.weights()[tensor][at] = weight;
                assertThat((double) gradients[tensor][at]).isCloseTo((above - below) / 2, within(1e-4));
            }
        }
    }

    @Test
    void smallerBatchAfterALargerOneReadsNothingOfIt() {
        NetworkShape.Kernel fresh = narrowing(1);
        NetworkShape.Kernel used = narrowing(1);
        used.forward(Scenes.numbers(40 * NARROWING.inputs(), 9), 40, new float[40 * NARROWING.outputs()], 0);
        used.backward(Scenes.numbers(40 * NARROWING.outputs(), 8), 40, new float[40 * NARROWING.inputs()]);

        float[] inputs = Scenes.numbers(10 * NARROWING.inputs(), 1);
        float[] outputGradients = Scenes.numbers(10 * NARROWING.outputs(), 2);
        for (NetworkShape.Kernel kernel : List.of(fresh, used)) {
            kernel.forward(inputs, 10, new float[10 * NARROWING.outputs()], 0);
            kernel.backward(outputGradients, 10, new float[10 * NARROWING.inputs()]);
        }

        assertThat(used.gradients()).isEqualTo(fresh.gradients());
    }

    @Test
    void outputScaleShrinksTheLastLayerOnly() {
        float[][] whole = narrowing(1).weights();

        float[][] scaled = narrowing(0.5).weights();

        assertThat(scaled[0]).isEqualTo(whole[0]);
        assertThat(scaled[2]).isEqualTo(whole[2]);
        for (int at = 0; at < whole[4].length; at++) {
            assertThat(scaled[4][at]).isEqualTo(0.5f * whole[4][at]);
        }
    }

    private static NetworkShape.Kernel narrowing(double outputScale) {
        return learning(NARROWING, Engine.VECTOR, outputScale);
    }

    private static double along(NetworkShape.Kernel kernel, float[] inputs, float[] outputGradients, int n) {
        float[] outputs = new float[n * 2];
        kernel.forward(inputs, n, outputs, 7);
        double sum = 0;
        for (int at = 0; at < outputs.length; at++) {
            sum += outputs[at] * outputGradients[at];
        }
        return sum;
    }

    /** Adds noise to the biases: their initial zeros would hide a fault. */
    private static void disturbBiases(TowerNetwork network) {
        for (int tensor = 1; tensor < network.weights().length; tensor += 2) {
            float[] noise = Scenes.numbers(network.weights()[tensor].length, tensor);
            for (int at = 0; at < noise.length; at++) {
                network.weights()[tensor][at] += 0.3f * noise[at];
            }
        }
    }

    private static TowerNetwork network(TowerShape shape, Engine engine) {
        return (TowerNetwork) learning(shape, engine, 1);
    }

    private static NetworkShape.Kernel learning(NetworkShape shape, Engine engine, double outputScale) {
        StepEngine alone = StepEngine.alone(engine);
        return shape.kernel(
                shape.initialWeights(engine, 3, outputScale),
                shape.zeros(),
                new NetworkShape.Run(alone.products(), alone.team(), true));
    }

    private static TowerShape user(ModelSettings settings) {
        return TowerShape.user(settings.towers(), settings.dim(), settings.user());
    }

    private static TowerShape item(ModelSettings settings) {
        return TowerShape.item(settings.towers(), settings.dim(), settings.item());
    }
}
