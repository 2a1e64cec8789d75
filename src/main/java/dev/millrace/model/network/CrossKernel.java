package dev.millrace.model.network;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Products;
import java.util.Arrays;
import java.util.Collections;

/** Cross layers, forward and backward. One thread. */
final class CrossKernel implements TowerKernel {

    private final CrossShape shape;
    private final Products products;
    private final float[][] weights;
    private final float[][] gradients;
    /** [depth][n, inputs] x_1 to x_depth. */
    private final float[][] crossed;
    /** [depth][n, inputs] x_l W_l + b_l. */
    private final float[][] factors;

    private float[] inputs = new float[0];
    private float[] scaled = new float[0];
    private float[] delta = new float[0];
    private float[] next = new float[0];

    CrossKernel(CrossShape shape, Engine engine, long seed, double outputScale) {
        this.shape = shape;
        this.products = engine.products();
        this.weights = InitialWeights.of(
                engine,
                MlpShape.of(
                        shape.inputs(),
                        Collections.nCopies(shape.depth(), shape.inputs()),
                        shape.outputs(),
                        Activation.IDENTITY),
                seed,
                outputScale);
        this.gradients = shape.zeros();
        this.crossed = new float[shape.depth()][0];
        this.factors = new float[shape.depth()][0];
    }

    @Override
    public CrossShape shape() {
        return shape;
    }

    @Override
    public float[][] weights() {
        return weights;
    }

    @Override
    public float[][] gradients() {
        return gradients;
    }

    @Override
    public void forward(float[] inputs, int n, float[] outputs, long seed) {
        this.inputs = inputs;
        int width = shape.inputs();
        float[] x = inputs;
        for (int layer = 0; layer < shape.depth(); layer++) {
            factors[layer] = Scratch.atLeast(factors[layer], n * width);
            crossed[layer] = Scratch.atLeast(crossed[layer], n * width);
            dense(layer, x, n, factors[layer]);
            CrossShape.cross(inputs, factors[layer], x, crossed[layer], n * width);
            x = crossed[layer];
        }
        dense(shape.depth(), x, n, outputs);
    }

    /** For g = dL/dx_{l+1}: dL/dx_0 gets g ⊙ (x_l W_l + b_l), dL/dx_l = g + (g ⊙ x_0) W_lᵀ. */
    @Override
    public void backward(float[] outputGradients, int n, float[] inputGradients) {
        int depth = shape.depth();
        int length = n * shape.inputs();
        delta = Scratch.atLeast(delta, length);
        scaled = Scratch.atLeast(scaled, length);
        next = Scratch.atLeast(next, length);
        denseBackward(depth, depth == 0 ? inputs : crossed[depth - 1], outputGradients, n, delta);
        Arrays.fill(inputGradients, 0, length, 0f);
        for (int layer = depth - 1; layer >= 0; layer--) {
            float[] factor = factors[layer];
            for (int at = 0; at < length; at++) {
                inputGradients[at] += delta[at] * factor[at];
                scaled[at] = delta[at] * inputs[at];
            }
            denseBackward(layer, layer == 0 ? inputs : crossed[layer - 1], scaled, n, next);
            for (int at = 0; at < length; at++) {
                delta[at] += next[at];
            }
        }
        for (int at = 0; at < length; at++) {
            inputGradients[at] += delta[at];
        }
    }

    private void dense(int layer, float[] in, int n, float[] out) {
        DenseLayer.forward(products, in, n, shape.inputs(), weights[2 * layer], weights[2 * layer + 1], out, false);
    }

    private void denseBackward(int layer, float[] in, float[] outGradients, int n, float[] inGradients) {
        DenseLayer.backward(
                products,
                in,
                outGradients,
                n,
                shape.inputs(),
                weights[2 * layer],
                gradients[2 * layer],
                gradients[2 * layer + 1],
                inGradients);
    }
}
