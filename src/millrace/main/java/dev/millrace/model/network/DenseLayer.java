package dev.millrace.model.network;

import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.Team;
import java.util.Arrays;

/** One dense layer over many rows, forward and backward. Any thread. */
final class DenseLayer {

    private static final int NUMBERS = 1 << 14; // worth a second thread

    private DenseLayer() {}

    /**
     * {@code out = in W + b}, or {@code max(in W + b, 0)}.
     *
     * @param in [n, inWidth]
     * @param out [n, width of the bias] filled
     * @param relu whether ReLU follows
     */
    static void forward(
            Products products,
            Team team,
            float[] in,
            int n,
            int inWidth,
            float[] weight,
            float[] bias,
            float[] out,
            boolean relu) {
        products.multiply(in, weight, out, n, inWidth, bias.length, 1f);
        int least = NUMBERS / bias.length + 1;
        team.share(n, least, (from, to, member) -> addBias(out, from, to, bias, relu));
    }

    /**
     * Backward pass of {@link #forward}, from the gradients before the activation.
     *
     * @param in [n, inWidth] input of the forward pass
     * @param delta [n, width of the bias] dL/d(in W + b)
     * @param inGradients [n, inWidth] dL/din, filled
     */
    static void backward(
            Products products,
            float[] in,
            float[] delta,
            int n,
            int inWidth,
            float[] weight,
            float[] weightGradients,
            float[] biasGradients,
            float[] inGradients) {
        int width = biasGradients.length;
        products.multiplyTransposedLeft(in, delta, weightGradients, inWidth, n, width, 1f);
        sumRows(delta, n, biasGradients);
        products.multiplyTransposedRight(delta, weight, inGradients, n, width, inWidth, 1f);
    }

    private static void addBias(float[] out, int from, int to, float[] bias, boolean relu) {
        if (relu) {
            Loops.now().addBiasRectified(out, from, to, bias);
        } else {
            Loops.now().addBias(out, from, to, bias);
        }
    }

    private static void sumRows(float[] rows, int n, float[] sum) {
        Loops loops = Loops.now();
        Arrays.fill(sum, 0f);
        for (int row = 0; row < n; row++) {
            loops.add(sum, 0, rows, row * sum.length, sum.length);
        }
    }
}
