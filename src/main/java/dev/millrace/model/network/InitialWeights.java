package dev.millrace.model.network;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Initial weights of dense layers, drawn by DL4J from a seed (Glorot and Bengio 2010). */
final class InitialWeights {

    private InitialWeights() {}

    /**
     * Returns the initial tensors of a network, in the order of {@link NetworkShape#layers}.
     *
     * @param outputScale factor on the matrix of the last layer
     */
    static float[][] of(MlpShape shape, long seed, double outputScale) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration(shape, seed, DataType.FLOAT));
        network.init();
        float[][] weights = new float[shape.tensors()][];
        for (int layer = 0; layer < shape.depth(); layer++) {
            weights[2 * layer] = rowMajor(network.getLayer(layer).getParam("W"));
            weights[2 * layer + 1] = rowMajor(network.getLayer(layer).getParam("b"));
        }
        network.params().close(); // closing the network would also run the garbage collector
        float[] last = weights[shape.tensors() - 2];
        for (int at = 0; at < last.length; at++) {
            last[at] *= (float) outputScale;
        }
        return weights;
    }

    /** Returns the network as a DL4J configuration. */
    static MultiLayerConfiguration configuration(MlpShape shape, long seed, DataType type) {
        NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(type)
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
