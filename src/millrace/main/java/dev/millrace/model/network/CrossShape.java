package dev.millrace.model.network;

import dev.millrace.model.engine.Loops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Cross layers with full matrices, then a linear one (DCN v2, Wang et al. 2021, eq. 1): {@code x_{l+1} = x_0 ⊙ (x_l W_l + b_l) + x_l}.
 *
 * @param depth cross layers, each of one degree more in the inputs
 */
record CrossShape(int inputs, int depth, int outputs) implements NetworkShape {

    @Override
    public Kernel kernel(float[][] weights, float[][] gradients, Run run) {
        return new CrossKernel(weights, gradients, run);
    }

    @Override
    public List<Layer> layers() {
        List<Layer> layers = new ArrayList<>(Collections.nCopies(depth, new Layer(inputs, inputs)));
        layers.add(new Layer(inputs, outputs));
        return layers;
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, String in) {
        String x = in;
        for (int layer = 0; layer < depth; layer++) {
            x = to.sum(to.product(in, to.dense(x, tensors[2 * layer], tensors[2 * layer + 1])), x);
        }
        return to.dense(x, tensors[2 * depth], tensors[2 * depth + 1]);
    }

    /** Cross layers, forward and backward. One thread. */
    private final class CrossKernel extends Kernel {

        /** [depth][n, inputs] x_1 to x_depth. */
        private final float[][] crossed;
        /** [depth][n, inputs] x_l W_l + b_l. */
        private final float[][] factors;

        private float[] x0 = new float[0];
        private float[] scaled = new float[0];
        private float[] delta = new float[0];
        private float[] next = new float[0];

        CrossKernel(float[][] weights, float[][] gradients, Run run) {
            super(CrossShape.this, weights, gradients, run);
            this.crossed = new float[depth][0];
            this.factors = new float[depth][0];
        }

        @Override
        public void forward(float[] in, int n, float[] outputs, long seed) {
            x0 = in;
            float[] x = in;
            for (int layer = 0; layer < depth; layer++) {
                factors[layer] = Scratch.atLeast(factors[layer], n * inputs);
                crossed[layer] = Scratch.atLeast(crossed[layer], n * inputs);
                dense(layer, x, n, factors[layer], false);
                float[] before = x;
                float[] factor = factors[layer];
                float[] after = crossed[layer];
                team.share(n * inputs, NUMBERS, (from, to, member) -> {
                    for (int at = from; at < to; at++) {
                        after[at] = in[at] * factor[at] + before[at];
                    }
                });
                x = after;
            }
            dense(depth, x, n, outputs, false);
        }

        /** For g = dL/dx_{l+1}: dL/dx_0 gets g ⊙ (x_l W_l + b_l), dL/dx_l = g + (g ⊙ x_0) W_lᵀ. */
        @Override
        public void backward(float[] outputGradients, int n, float[] inputGradients) {
            int length = n * inputs;
            delta = Scratch.atLeast(delta, length);
            scaled = Scratch.atLeast(scaled, length);
            next = Scratch.atLeast(next, length);
            denseBackward(depth, depth == 0 ? x0 : crossed[depth - 1], outputGradients, n, delta);
            Arrays.fill(inputGradients, 0, length, 0f);
            for (int layer = depth - 1; layer >= 0; layer--) {
                float[] factor = factors[layer];
                team.share(length, NUMBERS, (from, to, member) -> {
                    for (int at = from; at < to; at++) {
                        inputGradients[at] += delta[at] * factor[at];
                        scaled[at] = delta[at] * x0[at];
                    }
                });
                denseBackward(layer, layer == 0 ? x0 : crossed[layer - 1], scaled, n, next);
                team.share(length, NUMBERS, (from, to, member) -> Loops.now().add(delta, from, next, from, to - from));
            }
            team.share(length, NUMBERS, (from, to, member) -> Loops.now()
                    .add(inputGradients, from, delta, from, to - from));
        }
    }
}
