package dev.millrace.model.network;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Dense layers as a network of DL4J, which draws their initial weights. It needs ND4J's native libraries. */
final class Dl4jNetwork {

    private Dl4jNetwork() {}

    /** Returns the initial tensors of a network, in the order of {@link NetworkShape#layers}. */
    static float[][] initialWeights(MlpShape shape, long seed) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration(shape, seed));
        network.init();
        float[][] weights = new float[shape.tensors()][];
        for (int layer = 0; layer < shape.depth(); layer++) {
            weights[2 * layer] = rowMajor(network.getLayer(layer).getParam("W"));
            weights[2 * layer + 1] = rowMajor(network.getLayer(layer).getParam("b"));
        }
        network.params().close(); // closing the network would also run the garbage collector
        return weights;
    }

    private static MultiLayerConfiguration configuration(MlpShape shape, long seed) {
        NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(DataType.FLOAT)
                .miniBatch(false)
                .weightInit(WeightInit.XAVIER)
                .list();
        for (int layer = 0; layer < shape.depth(); layer++) {
            layers.layer(new DenseLayer.Builder()
                    .nIn(shape.in(layer))
                    .nOut(shape.out(layer))
                    .activation(declared(shape.behind(layer)))
                    .build());
        }
        return layers.build();
    }

    private static org.nd4j.linalg.activations.Activation declared(Activation activation) {
        return switch (activation) {
            case RELU -> org.nd4j.linalg.activations.Activation.RELU;
            case LEAKY_RELU -> org.nd4j.linalg.activations.Activation.LEAKYRELU;
            case TANH -> org.nd4j.linalg.activations.Activation.TANH;
            case GELU -> org.nd4j.linalg.activations.Activation.GELU;
            case SIGMOID, TWICE_SIGMOID -> org.nd4j.linalg.activations.Activation.SIGMOID;
            case IDENTITY -> org.nd4j.linalg.activations.Activation.IDENTITY;
        };
    }

    private static float[] rowMajor(INDArray array) {
        return array.dup('c').data().asFloat();
    }
}
