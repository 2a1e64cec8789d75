package dev.millrace.model.network;

import dev.millrace.batch.CounterRandom;

/**
 * Dense layers, forward and back. One thread.
 *
 * <p>Up to {@link #PLAIN_ROWS} rows go forward by {@link PlainLayers}, more by {@link DenseLayer}.
 */
final class MlpKernel implements TowerKernel {

    /** Batches smaller than this go forward by plain loops. */
    static final int PLAIN_ROWS = 8;

    /** Times it, the smallest normal float is above one. */
    private static final float OPEN = 1e38f;

    private static final double UNIT_24 = 0x1p-24;

    private final MlpShape shape;
    private final float[][] weights;
    private final float[][] gradients;
    /** [depth − 1][n, out] behind the activation. */
    private final float[][] hidden;
    /** [depth][n, out] before the activation, where the way back needs it. */
    private final float[][] before;
    /** [depth][n, out] gradients of what is behind each layer, where they are not the caller's. */
    private final float[][] layerGradients;
    /** [depth][n, out] factors of dropout. */
    private final float[][] masks;

    private float[] inputs = new float[0];
    private boolean isDropping;

    MlpKernel(MlpShape shape, long seed, double outputScale) {
        this.shape = shape;
        this.weights = InitialWeights.of(shape, seed, outputScale);
        this.gradients = shape.zeros();
        this.hidden = new float[shape.depth() - 1][0];
        this.before = new float[shape.depth()][0];
        this.layerGradients = new float[shape.depth()][0];
        this.masks = new float[shape.depth()][0];
    }

    @Override
    public MlpShape shape() {
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
    public void forward(float[] inputs, int n, float[] outputs) {
        this.inputs = inputs;
        isDropping = false;
        run(inputs, n, outputs, n < PLAIN_ROWS, 0);
    }

    @Override
    public void forwardToLearn(float[] inputs, int n, float[] outputs, long seed) {
        this.inputs = inputs;
        isDropping = shape.dropout() > 0;
        run(inputs, n, outputs, n < PLAIN_ROWS, seed);
    }

    @Override
    public void forwardEach(float[] inputs, int n, float[] outputs) {
        isDropping = false;
        run(inputs, n, outputs, true, 0);
    }

    private void run(float[] inputs, int n, float[] outputs, boolean isPlain, long seed) {
        float[] in = inputs;
        for (int layer = 0; layer < shape.depth(); layer++) {
            Activation behind = shape.behind(layer);
            float[] out = isLast(layer) ? outputs : room(hidden, layer, n);
            boolean isDirect = isDirect(layer);
            float[] sums = isDirect ? out : room(before, layer, n);
            DenseLayer.forward(
                    in,
                    n,
                    shape.in(layer),
                    weights[2 * layer],
                    weights[2 * layer + 1],
                    sums,
                    isDirect ? behind : Activation.IDENTITY,
                    isPlain);
            if (!isDirect) {
                PlainLayers.activate(behind, sums, 0, out, 0, n * shape.out(layer));
            }
            if (drops(layer)) {
                drop(out, n * shape.out(layer), layer, seed);
            }
            in = out;
        }
    }

    @Override
    public void backward(float[] outputGradients, int n, float[] inputGradients) {
        float[] delta = outputGradients;
        for (int layer = shape.depth() - 1; layer >= 0; layer--) {
            int length = n * shape.out(layer);
            if (isLast(layer) && (drops(layer) || !isDirect(layer))) {
                delta = room(layerGradients, layer, n);
                System.arraycopy(outputGradients, 0, delta, 0, length);
            }
            if (drops(layer)) {
                for (int at = 0; at < length; at++) {
                    delta[at] *= masks[layer][at];
                }
            }
            if (!isDirect(layer)) {
                Activation behind = shape.behind(layer);
                for (int at = 0; at < length; at++) {
                    delta[at] *= behind.slope(before[layer][at]);
                }
            } else if (!isLast(layer) && shape.behind(layer) == Activation.RELU) {
                gate(delta, hidden[layer], length);
            }
            float[] below = layer == 0 ? inputs : hidden[layer - 1];
            float[] next = layer == 0 ? inputGradients : room(layerGradients, layer - 1, n);
            DenseLayer.backward(
                    below,
                    delta,
                    n,
                    shape.in(layer),
                    weights[2 * layer],
                    gradients[2 * layer],
                    gradients[2 * layer + 1],
                    next);
            delta = next;
        }
    }

    private boolean isLast(int layer) {
        return layer == shape.depth() - 1;
    }

    /** Whether a layer's sums need not be kept beside what its activation makes of them. */
    private boolean isDirect(int layer) {
        return shape.behind(layer) == Activation.IDENTITY || (shape.behind(layer) == Activation.RELU && !isLast(layer));
    }

    /** Whether the last way forward left out some of a layer's numbers: of those that another layer reads. */
    private boolean drops(int layer) {
        return isDropping && (!isLast(layer) || shape.last() != Activation.IDENTITY);
    }

    /** Leaves out a share of the numbers and scales the others up, so that their sum stays the same on average. */
    private void drop(float[] out, int length, int layer, long seed) {
        float[] mask = room(masks, layer, length / shape.out(layer));
        float kept = (float) (1 / (1 - shape.dropout()));
        for (int at = 0; at < length; at++) {
            double draw = (CounterRandom.bits(seed, layer, at) >>> 40) * UNIT_24;
            mask[at] = draw < shape.dropout() ? 0f : kept;
            out[at] *= mask[at];
        }
    }

    /** Lets a gradient through where its activation is above zero, without a branch that guesses wrong half the time. */
    private static void gate(float[] gradients, float[] activations, int length) {
        for (int at = 0; at < length; at++) {
            gradients[at] *= Math.min(activations[at] * OPEN, 1f);
        }
    }

    private float[] room(float[][] arrays, int layer, int n) {
        arrays[layer] = Scratch.atLeast(arrays[layer], n * shape.out(layer));
        return arrays[layer];
    }
}
