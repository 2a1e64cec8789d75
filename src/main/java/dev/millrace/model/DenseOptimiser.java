package dev.millrace.model;

import java.util.Arrays;

/**
 * Adagrad of one network's weights (Duchi et al. 2011), with what it remembers of them. One thread.
 *
 * <p>{@code acc += g²}, {@code w −= rate · g / (√acc + ε)}.
 */
final class DenseOptimiser {

    private final float[][] weights;
    private final float[][] gradients;
    private final float[][] accumulators;

    /** @param kernel whose weights it moves along its gradients */
    DenseOptimiser(TowerKernel kernel, double initialAccumulator) {
        weights = kernel.weights();
        gradients = kernel.gradients();
        accumulators = new float[weights.length][];
        for (int tensor = 0; tensor < weights.length; tensor++) {
            accumulators[tensor] = new float[weights[tensor].length];
            Arrays.fill(accumulators[tensor], (float) initialAccumulator);
        }
    }

    /** Sums of squared gradients, shaped as the weights. */
    float[][] accumulators() {
        return accumulators;
    }

    /**
     * One step along the gradients.
     *
     * @param scale factor on the gradients, from the clip of their norm
     */
    void apply(ModelSettings.Adagrad adagrad, float scale) {
        float rate = (float) adagrad.learningRate();
        float epsilon = (float) adagrad.epsilon();
        for (int tensor = 0; tensor < weights.length; tensor++) {
            float[] weight = weights[tensor];
            float[] accumulator = accumulators[tensor];
            float[] gradient = gradients[tensor];
            for (int at = 0; at < weight.length; at++) {
                float g = gradient[at] * scale;
                float sum = accumulator[at] + g * g;
                accumulator[at] = sum;
                weight[at] -= rate * g / ((float) Math.sqrt(sum) + epsilon);
            }
        }
    }
}
