package dev.millrace.model.network;

import java.util.Arrays;

/** A factorisation machine, forward and backward. One thread. */
final class FmKernel implements TowerKernel {

    private final FmShape shape;
    private final MlpKernel linear;
    private float[] inputs = new float[0];
    /** [n, width] sums of the fields, and the products of all pairs. */
    private float[] sums = new float[0];

    private float[] products = new float[0];
    private float[] productGradients = new float[0];

    FmKernel(FmShape shape, long seed, double outputScale) {
        this.shape = shape;
        this.linear = new MlpKernel(shape.linear(), seed, outputScale);
    }

    @Override
    public FmShape shape() {
        return shape;
    }

    @Override
    public float[][] weights() {
        return linear.weights();
    }

    @Override
    public float[][] gradients() {
        return linear.gradients();
    }

    @Override
    public void forward(float[] inputs, int n, float[] outputs) {
        this.inputs = inputs;
        multiply(inputs, n);
        linear.forward(products, n, outputs);
    }

    @Override
    public void forwardEach(float[] inputs, int n, float[] outputs) {
        multiply(inputs, n);
        linear.forwardEach(products, n, outputs);
    }

    /** dL/dv_f = dL/dq ⊙ (Σ v − v_f). */
    @Override
    public void backward(float[] outputGradients, int n, float[] inputGradients) {
        int width = shape.width();
        productGradients = Scratch.atLeast(productGradients, n * width);
        linear.backward(outputGradients, n, productGradients);
        Arrays.fill(inputGradients, 0, n * shape.inputs(), 0f);
        for (int row = 0; row < n; row++) {
            for (int field : shape.fields()) {
                int at = row * shape.inputs() + field;
                for (int d = 0; d < width; d++) {
                    inputGradients[at + d] =
                            productGradients[row * width + d] * (sums[row * width + d] - inputs[at + d]);
                }
            }
        }
    }

    private void multiply(float[] inputs, int n) {
        sums = Scratch.atLeast(sums, n * shape.width());
        products = Scratch.atLeast(products, n * shape.width());
        for (int row = 0; row < n; row++) {
            shape.multiply(inputs, row * shape.inputs(), sums, products, row * shape.width());
        }
    }
}
