package dev.millrace.model.network;

import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A multi-layer perceptron: dense layers in sequence (DSSM, Huang et al. 2013).
 *
 * @param widths of the input, each hidden layer, and the output
 * @param activation after every layer but the last
 * @param last activation after the last layer
 * @param dropout share of a hidden layer's numbers that a learning step leaves out, in [0, 1)
 */
record MlpShape(List<Integer> widths, Activation activation, Activation last, double dropout) implements NetworkShape {
    MlpShape {
        widths = List.copyOf(widths);
        if (widths.size() < 2) {
            throw new IllegalArgumentException(widths + ": a network needs an input and an output width");
        }
    }

    /** Returns a shape with no activation after the last layer and no dropout. */
    static MlpShape of(int inputs, List<Integer> hidden, int outputs, Activation activation) {
        List<Integer> widths = new ArrayList<>();
        widths.add(inputs);
        widths.addAll(hidden);
        widths.add(outputs);
        return new MlpShape(widths, activation, Activation.IDENTITY, 0);
    }

    MlpShape withDropout(double share) {
        return new MlpShape(widths, activation, last, share);
    }

    /** The activation after a layer. */
    Activation behind(int layer) {
        return layer == depth() - 1 ? last : activation;
    }

    int depth() {
        return widths.size() - 1;
    }

    /** Output width of a layer. */
    int out(int layer) {
        return widths.get(layer + 1);
    }

    @Override
    public int inputs() {
        return widths.get(0);
    }

    @Override
    public int outputs() {
        return widths.get(widths.size() - 1);
    }

    @Override
    public Kernel kernel(float[][] weights, float[][] gradients, Run run) {
        return new MlpKernel(weights, gradients, run);
    }

    @Override
    public List<Layer> layers() {
        return IntStream.range(0, depth())
                .mapToObj(layer -> new Layer(widths.get(layer), out(layer)))
                .toList();
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, String in) {
        String value = in;
        for (int layer = 0; layer < depth(); layer++) {
            value = behind(layer).export(to, to.dense(value, tensors[2 * layer], tensors[2 * layer + 1]));
        }
        return value;
    }

    /** Dense layers, forward and backward. One thread. */
    private final class MlpKernel extends Kernel {

        /** The smallest normal float times this is above 1. */
        private static final float OPEN = 1e38f;

        private static final double UNIT_24 = 0x1p-24;

        /** Activations that are worth a second thread: StrictMath takes some ten nanoseconds each. */
        private static final int ACTIVATIONS = 1 << 9;

        /** [depth − 1][n, out] outputs of the hidden layers, after the activation. */
        private final float[][] hidden;
        /** [depth][n, out] sums before the activation, where the backward pass needs them. */
        private final float[][] before;
        /** [depth][n, out] gradients of each layer's output, where the array is not the caller's. */
        private final float[][] layerGradients;
        /** [depth][n, out] dropout factors. */
        private final float[][] masks;

        private float[] inputs = new float[0];

        MlpKernel(float[][] weights, float[][] gradients, Run run) {
            super(MlpShape.this, weights, gradients, run);
            this.hidden = new float[depth() - 1][0];
            this.before = new float[depth()][0];
            this.layerGradients = new float[depth()][0];
            this.masks = new float[depth()][0];
        }

        @Override
        public void forward(float[] inputs, int n, float[] outputs, long seed) {
            this.inputs = inputs;
            float[] in = inputs;
            for (int layer = 0; layer < depth(); layer++) {
                Activation behind = behind(layer);
                float[] out = isLast(layer) ? outputs : room(hidden, layer, n);
                boolean isDirect = isDirect(layer);
                float[] sums = isDirect ? out : room(before, layer, n);
                boolean relu = isDirect && behind == Activation.RELU;
                dense(layer, in, n, sums, relu);
                if (!isDirect) {
                    team.share(n * out(layer), ACTIVATIONS, (from, to, member) -> behind.apply(sums, out, from, to));
                }
                if (drops(layer)) {
                    drop(out, n * out(layer), layer, seed);
                }
                in = out;
            }
        }

        @Override
        public void backward(float[] outputGradients, int n, float[] inputGradients) {
            float[] delta = outputGradients;
            for (int layer = depth() - 1; layer >= 0; layer--) {
                int length = n * out(layer);
                if (isLast(layer) && (drops(layer) || !isDirect(layer))) {
                    delta = room(layerGradients, layer, n);
                    System.arraycopy(outputGradients, 0, delta, 0, length);
                }
                throughActivation(layer, delta, length);
                float[] below = layer == 0 ? inputs : hidden[layer - 1];
                float[] next = layer == 0 ? inputGradients : room(layerGradients, layer - 1, n);
                denseBackward(layer, below, delta, n, next);
                delta = next;
            }
        }

        /** Replaces the gradients of a layer's output by those of its sums. */
        private void throughActivation(int layer, float[] delta, int length) {
            if (drops(layer)) {
                float[] mask = masks[layer];
                team.share(length, NUMBERS, (from, to, member) -> {
                    for (int at = from; at < to; at++) {
                        delta[at] *= mask[at];
                    }
                });
            }
            if (!isDirect(layer)) {
                Activation behind = behind(layer);
                float[] sums = before[layer];
                team.share(length, ACTIVATIONS, (from, to, member) -> behind.backward(delta, sums, from, to));
            } else if (!isLast(layer) && behind(layer) == Activation.RELU) {
                float[] activations = hidden[layer];
                team.share(length, NUMBERS, (from, to, member) -> gate(delta, activations, from, to));
            }
        }

        private boolean isLast(int layer) {
            return layer == depth() - 1;
        }

        /** Returns whether the backward pass needs only a layer's output, not its sums before the activation. */
        private boolean isDirect(int layer) {
            return behind(layer) == Activation.IDENTITY || (behind(layer) == Activation.RELU && !isLast(layer));
        }

        /** Returns whether a layer has dropout. A last layer without an activation has no dropout. */
        private boolean drops(int layer) {
            return run.isLearning() && dropout > 0 && (!isLast(layer) || last != Activation.IDENTITY);
        }

        /** Applies dropout: sets a share of the numbers to 0 and scales the others up, so that the expected sum stays the same. */
        private void drop(float[] out, int length, int layer, long seed) {
            float[] mask = room(masks, layer, length / out(layer));
            float kept = (float) (1 / (1 - dropout));
            team.share(length, NUMBERS, (from, to, member) -> {
                for (int at = from; at < to; at++) {
                    double draw = (CounterRandom.bits(seed, layer, at) >>> 40) * UNIT_24;
                    mask[at] = draw < dropout ? 0f : kept;
                    out[at] *= mask[at];
                }
            });
        }

        /** Backward pass of ReLU, without a branch: keeps a gradient if its activation is above zero, else sets it to 0. */
        private static void gate(float[] gradients, float[] activations, int from, int to) {
            for (int at = from; at < to; at++) {
                gradients[at] *= Math.min(activations[at] * OPEN, 1f);
            }
        }

        private float[] room(float[][] arrays, int layer, int n) {
            arrays[layer] = Scratch.atLeast(arrays[layer], n * out(layer));
            return arrays[layer];
        }
    }
}
