package dev.millrace.model.network;

import dev.millrace.model.engine.Engine;
import dev.millrace.state.CounterRandom;

/** Initial weights of dense layers: normal, of the variance 2 / (inputs + outputs); biases are zero (Glorot and Bengio 2010). */
final class InitialWeights {

    private InitialWeights() {}

    /**
     * Returns the initial tensors of a network, in the order of {@link NetworkShape#layers}. The default engine draws them in Java, so that
     * they are the same on any machine; for ND4J's, DL4J draws them.
     *
     * @param outputScale factor on the matrix of the last layer
     */
    static float[][] of(Engine engine, MlpShape shape, long seed, double outputScale) {
        float[][] weights =
                switch (engine) {
                    case VECTOR -> drawn(shape, seed);
                    case ND4J -> Dl4jNetwork.initialWeights(shape, seed);
                };
        float[] last = weights[shape.tensors() - 2];
        for (int at = 0; at < last.length; at++) {
            last[at] *= (float) outputScale;
        }
        return weights;
    }

    private static float[][] drawn(MlpShape shape, long seed) {
        float[][] weights = shape.zeros();
        for (int layer = 0; layer < shape.depth(); layer++) {
            double deviation = Math.sqrt(2.0 / (shape.in(layer) + shape.out(layer)));
            float[] matrix = weights[2 * layer];
            for (int at = 0; at < matrix.length; at++) {
                matrix[at] = (float) (deviation * normal(seed, layer, at));
            }
        }
        return weights;
    }

    /** A normal number by the method of Box and Muller (1958). */
    private static double normal(long seed, long stream, long slot) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - CounterRandom.unit(seed, stream, 2 * slot)));
        return radius * StrictMath.cos(2 * Math.PI * CounterRandom.unit(seed, stream, 2 * slot + 1));
    }
}
