package dev.millrace.model.network;

import dev.millrace.model.engine.Engine;
import dev.millrace.state.CounterRandom;
import java.util.List;

/** Initial weights of dense layers: normal, of the variance 2 / (inputs + outputs); biases are zero (Glorot and Bengio 2010). */
final class InitialWeights {

    private InitialWeights() {}

    /**
     * Returns the initial tensors of a network, in the order of {@link NetworkShape#layers}. The default engine draws them in Java, so that
     * they are the same on any machine; for ND4J's, DL4J draws them.
     *
     * @param outputScale factor on the matrix of the last layer
     */
    static float[][] of(Engine engine, List<NetworkShape.Layer> layers, long seed, double outputScale) {
        float[][] weights =
                switch (engine) {
                    case VECTOR -> drawn(layers, seed);
                    case ND4J -> Dl4jNetwork.initialWeights(layers, seed);
                };
        float[] last = weights[weights.length - 2];
        for (int at = 0; at < last.length; at++) {
            last[at] *= (float) outputScale;
        }
        return weights;
    }

    private static float[][] drawn(List<NetworkShape.Layer> layers, long seed) {
        float[][] weights = new float[2 * layers.size()][];
        for (int layer = 0; layer < layers.size(); layer++) {
            int in = layers.get(layer).in();
            int out = layers.get(layer).out();
            double deviation = Math.sqrt(2.0 / (in + out));
            float[] matrix = new float[in * out];
            for (int at = 0; at < matrix.length; at++) {
                matrix[at] = (float) (deviation * normal(seed, layer, at));
            }
            weights[2 * layer] = matrix;
            weights[2 * layer + 1] = new float[out];
        }
        return weights;
    }

    /** A normal number by the method of Box and Muller (1958). */
    private static double normal(long seed, long stream, long slot) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - CounterRandom.unit(seed, stream, 2 * slot)));
        return radius * StrictMath.cos(2 * Math.PI * CounterRandom.unit(seed, stream, 2 * slot + 1));
    }
}
