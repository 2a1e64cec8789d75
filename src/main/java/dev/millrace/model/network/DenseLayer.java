package dev.millrace.model.network;

import java.util.Arrays;

/** One dense layer over many rows, forward and backward. Any thread. */
final class DenseLayer {

    private DenseLayer() {}

    /**
     * {@code out = behind(in W + b)}.
     *
     * @param in [n, inWidth]
     * @param out [n, width of the bias] filled
     * @param behind activation; identity or ReLU unless {@code isPlain}
     * @param isPlain whether to compute row by row, so that the bits of a row depend on no other row
     */
    static void forward(
            float[] in,
            int n,
            int inWidth,
            float[] weight,
            float[] bias,
            float[] out,
            Activation behind,
            boolean isPlain) {
        int width = bias.length;
        if (isPlain) {
            for (int row = 0; row < n; row++) {
                PlainLayers.layer(in, row * inWidth, inWidth, weight, bias, out, row * width, behind);
            }
        } else {
            MatrixProducts.multiply(in, weight, out, n, inWidth, width, 1f);
            addBias(out, n, bias, behind == Activation.RELU);
        }
    }

    /**
     * Backward pass of {@link #forward}, from the gradients before the activation.
     *
     * @param in [n, inWidth] input of the forward pass
     * @param delta [n, width of the bias] dL/d(in W + b)
     * @param inGradients [n, inWidth] dL/din, filled
     */
    static void backward(
            float[] in,
            float[] delta,
            int n,
            int inWidth,
            float[] weight,
            float[] weightGradients,
            float[] biasGradients,
            float[] inGradients) {
        int width = biasGradients.length;
        MatrixProducts.multiplyTransposedLeft(in, delta, weightGradients, inWidth, n, width, 1f);
        sumRows(delta, n, biasGradients);
        MatrixProducts.multiplyTransposedRight(delta, weight, inGradients, n, width, inWidth, 1f);
    }

    private static void addBias(float[] out, int n, float[] bias, boolean relu) {
        int width = bias.length;
        for (int row = 0; row < n; row++) {
            int at = row * width;
            if (relu) {
                for (int o = 0; o < width; o++) {
                    out[at + o] = Math.max(out[at + o] + bias[o], 0f);
                }
            } else {
                for (int o = 0; o < width; o++) {
                    out[at + o] += bias[o];
                }
            }
        }
    }

    private static void sumRows(float[] rows, int n, float[] sum) {
        int width = sum.length;
        Arrays.fill(sum, 0f);
        for (int row = 0; row < n; row++) {
            int at = row * width;
            for (int o = 0; o < width; o++) {
                sum[o] += rows[at + o];
            }
        }
    }
}
