package dev.millrace.model.network;

import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.engine.Team;
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
    public Kernel kernel(StepEngine engine, long seed, double outputScale) {
        return new CrossKernel(this, engine, seed, outputScale);
    }

    @Override
    public List<Layer> layers() {
        List<Layer> layers = new ArrayList<>(depth + 1);
        for (int layer = 0; layer < depth; layer++) {
            layers.add(new Layer(inputs, inputs));
        }
        layers.add(new Layer(inputs, outputs));
        return layers;
    }

    @Override
    public void forward(Products products, float[][] tensors, int first, float[] in, int n, float[] out) {
        float[] x = in;
        for (int layer = 0; layer < depth; layer++) {
            float[] next = new float[n * inputs];
            int at = first + 2 * layer;
            DenseLayer.forward(products, x, n, inputs, tensors[at], tensors[at + 1], next, false);
            cross(in, next, x, next, 0, n * inputs);
            x = next;
        }
        int last = first + 2 * depth;
        DenseLayer.forward(products, x, n, inputs, tensors[last], tensors[last + 1], out, false);
    }

    /** {@code out = x0 ⊙ u + x}; out may be u. */
    static void cross(float[] x0, float[] u, float[] x, float[] out, int from, int to) {
        for (int at = from; at < to; at++) {
            out[at] = x0[at] * u[at] + x[at];
        }
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, int first, String in) {
        String x = in;
        for (int layer = 0; layer < depth; layer++) {
            int at = first + 2 * layer;
            x = to.sum(to.product(in, to.dense(x, tensors[at], tensors[at + 1])), x);
        }
        int last = first + 2 * depth;
        return to.dense(x, tensors[last], tensors[last + 1]);
    }

    /** Cross layers, forward and backward. One thread. */
    private static final class CrossKernel implements Kernel {

        private static final int NUMBERS = 1 << 14; // worth a second thread

        private final CrossShape shape;
        private final Products products;
        private final Team team;
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

        CrossKernel(CrossShape shape, StepEngine engine, long seed, double outputScale) {
            this.shape = shape;
            this.products = engine.products();
            this.team = engine.team();
            this.weights = InitialWeights.of(
                    engine.kind(),
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
                float[] before = x;
                float[] factor = factors[layer];
                float[] after = crossed[layer];
                team.share(
                        n * width,
                        NUMBERS,
                        (from, to, member) -> CrossShape.cross(inputs, factor, before, after, from, to));
                x = after;
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
                team.share(length, NUMBERS, (from, to, member) -> {
                    for (int at = from; at < to; at++) {
                        inputGradients[at] += delta[at] * factor[at];
                        scaled[at] = delta[at] * inputs[at];
                    }
                });
                denseBackward(layer, layer == 0 ? inputs : crossed[layer - 1], scaled, n, next);
                team.share(length, NUMBERS, (from, to, member) -> add(next, delta, from, to));
            }
            team.share(length, NUMBERS, (from, to, member) -> add(delta, inputGradients, from, to));
        }

        private static void add(float[] numbers, float[] sums, int from, int to) {
            for (int at = from; at < to; at++) {
                sums[at] += numbers[at];
            }
        }

        private void dense(int layer, float[] in, int n, float[] out) {
            DenseLayer.forward(
                    products, team, in, n, shape.inputs(), weights[2 * layer], weights[2 * layer + 1], out, false);
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
}
