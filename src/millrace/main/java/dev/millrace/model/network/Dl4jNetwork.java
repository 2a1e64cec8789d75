package dev.millrace.model.network;

import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Dense layers as a network of DL4J, which draws their initial weights. It needs ND4J's native libraries. */
final class Dl4jNetwork {

    private Dl4jNetwork() {}

    /** Returns the initial tensors of dense layers, in their order. */
    static float[][] initialWeights(List<NetworkShape.Layer> layers, long seed) {
        NeuralNetConfiguration.ListBuilder declared = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(DataType.FLOAT)
                .miniBatch(false)
                .weightInit(WeightInit.XAVIER)
                .list();
        for (NetworkShape.Layer layer : layers) {
            declared.layer(
                    new DenseLayer.Builder().nIn(layer.in()).nOut(layer.out()).build());
        }
        MultiLayerNetwork network = new MultiLayerNetwork(declared.build());
        network.init();
        float[][] weights = new float[2 * layers.size()][];
        for (int layer = 0; layer < layers.size(); layer++) {
            weights[2 * layer] = rowMajor(network.getLayer(layer).getParam("W"));
            weights[2 * layer + 1] = rowMajor(network.getLayer(layer).getParam("b"));
        }
        network.params().close(); // closing the network would also run the garbage collector
        return weights;
    }

    private static float[] rowMajor(INDArray array) {
        return array.dup('c').data().asFloat();
    }
}
