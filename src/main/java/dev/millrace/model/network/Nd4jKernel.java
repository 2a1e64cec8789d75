package dev.millrace.model.network;

import dev.millrace.batch.CounterRandom;
import java.util.Arrays;
import org.bytedeco.openblas.global.openblas;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Dense layers: defined and initialised by DL4J, multiplied by ND4J's OpenBLAS, the rest plain loops.
 *
 * <p>OpenBLAS reads and writes the heap arrays in place, as row-major matrices of whatever n: no array is made a step, none is
 * copied, and there is no view to build for a smaller batch (docs/decisions/0003). Up to {@link #PLAIN_ROWS} rows go through
 * {@link PlainLayers} instead, which for so few is faster.
 */
public final class Nd4jKernel implements TowerKernel {

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

    Nd4jKernel(MlpShape shape, long seed, double outputScale) {
        this.shape = shape;
        this.weights = initial(shape, seed, outputScale);
        this.gradients = shape.zeros();
        this.hidden = new float[shape.depth() - 1][0];
        this.before = new float[shape.depth()][0];
        this.layerGradients = new float[shape.depth()][0];
        this.masks = new float[shape.depth()][0];
    }

    /** The network as DL4J declares it. */
    static MultiLayerConfiguration configuration(MlpShape shape, long seed, DataType type) {
        NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(type)
                .miniBatch(false)
                .weightInit(WeightInit.XAVIER)
                .list();
        for (int layer = 0; layer < shape.depth(); layer++) {
            layers.layer(new DenseLayer.Builder()
                    .nIn(shape.in(layer))
                    .nOut(shape.out(layer))
                    .activation(declared(shape.behind(layer)))
                    .build());
        }
        return layers.build();
    }

    private static org.nd4j.linalg.activations.Activation declared(Activation activation) {
        return switch (activation) {
            case RELU -> org.nd4j.linalg.activations.Activation.RELU;
            case LEAKY_RELU -> org.nd4j.linalg.activations.Activation.LEAKYRELU;
            case TANH -> org.nd4j.linalg.activations.Activation.TANH;
            case GELU -> org.nd4j.linalg.activations.Activation.GELU;
            case SIGMOID, TWICE_SIGMOID -> org.nd4j.linalg.activations.Activation.SIGMOID;
            case IDENTITY -> org.nd4j.linalg.activations.Activation.IDENTITY;
        };
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
            affine(
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
            affineBackward(
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

    /**
     * A dense layer of n rows.
     *
     * @param in [n, inWidth]
     * @param out [n, width of the bias] filled
     * @param behind identity or ReLU, unless plain
     * @param isPlain row by row, so that no row's bits depend on another
     */
    static void affine(
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
            Products.multiply(in, weight, out, n, inWidth, width, 1f);
            addBias(out, n, bias, behind == Activation.RELU);
        }
    }

    /**
     * Back through {@link #affine}, from the gradients of what is before the activation.
     *
     * @param in [n, inWidth] what it read
     * @param delta [n, width of the bias]
     * @param inGradients [n, inWidth] filled
     */
    static void affineBackward(
            float[] in,
            float[] delta,
            int n,
            int inWidth,
            float[] weight,
            float[] weightGradients,
            float[] biasGradients,
            float[] inGradients) {
        int width = biasGradients.length;
        Products.multiplyTransposedLeft(in, delta, weightGradients, inWidth, n, width, 1f);
        sumRows(delta, n, biasGradients);
        Products.multiplyTransposedRight(delta, weight, inGradients, n, width, inWidth, 1f);
    }

    /** Dense layers' first weights; those of the last layer are scaled. */
    static float[][] initial(MlpShape shape, long seed, double outputScale) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration(shape, seed, DataType.FLOAT));
        network.init();
        float[][] weights = new float[shape.tensors()][];
        for (int layer = 0; layer < shape.depth(); layer++) {
            weights[2 * layer] = rowMajor(network.getLayer(layer).getParam("W"));
            weights[2 * layer + 1] = rowMajor(network.getLayer(layer).getParam("b"));
        }
        network.params().close(); // closing the network would also collect garbage, twice a model
        float[] last = weights[shape.tensors() - 2];
        for (int at = 0; at < last.length; at++) {
            last[at] *= (float) outputScale;
        }
        return weights;
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

    private float[] room(float[][] arrays, int layer, int n) {
        int length = n * shape.out(layer);
        if (arrays[layer].length < length) {
            arrays[layer] = new float[length];
        }
        return arrays[layer];
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

    /** Lets a gradient through where its activation is above zero, without a branch that guesses wrong half the time. */
    private static void gate(float[] gradients, float[] activations, int length) {
        for (int at = 0; at < length; at++) {
            gradients[at] *= Math.min(activations[at] * OPEN, 1f);
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

    private static float[] rowMajor(INDArray array) {
        return array.dup('c').data().asFloat();
    }

    /** Row-major matrix products through the OpenBLAS that ND4J brings. */
    public static final class Products {

        private Products() {}

        /** c [m, n] = factor · a [m, k] b [k, n]. */
        public static void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
            openblas.cblas_sgemm(
                    openblas.CblasRowMajor,
                    openblas.CblasNoTrans,
                    openblas.CblasNoTrans,
                    m,
                    n,
                    k,
                    factor,
                    a,
                    k,
                    b,
                    n,
                    0f,
                    c,
                    n);
        }

        /** c [m, n] = factor · aᵀ b, with a [k, m] and b [k, n]. */
        public static void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
            openblas.cblas_sgemm(
                    openblas.CblasRowMajor,
                    openblas.CblasTrans,
                    openblas.CblasNoTrans,
                    m,
                    n,
                    k,
                    factor,
                    a,
                    m,
                    b,
                    n,
                    0f,
                    c,
                    n);
        }

        /** c [m, n] = factor · a bᵀ, with a [m, k] and b [n, k]. */
        public static void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
            openblas.cblas_sgemm(
                    openblas.CblasRowMajor,
                    openblas.CblasNoTrans,
                    openblas.CblasTrans,
                    m,
                    n,
                    k,
                    factor,
                    a,
                    k,
                    b,
                    k,
                    0f,
                    c,
                    n);
        }
    }
}
