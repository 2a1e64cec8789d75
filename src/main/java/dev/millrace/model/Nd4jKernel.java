package dev.millrace.model;

import java.util.Arrays;
import org.bytedeco.openblas.global.openblas;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A tower's network: defined and initialised by DL4J, multiplied by ND4J's OpenBLAS, the rest plain loops.
 *
 * <p>OpenBLAS reads and writes the heap arrays in place, as row-major matrices of whatever n: no array is made a step, none is
 * copied, and there is no view to build for a smaller batch (docs/decisions/0003). Up to {@link #PLAIN_ROWS} rows go through
 * {@link PlainLayers} instead, which for so few is faster.
 */
final class Nd4jKernel implements TowerKernel {

    /** Batches smaller than this go forward by plain loops. */
    static final int PLAIN_ROWS = 8;

    /** Times it, the smallest normal float is above one. */
    private static final float OPEN = 1e38f;

    private final TowerShape shape;
    private final float[][] weights;
    private final float[][] gradients;
    /** [layers − 1][n, out] after ReLU. */
    private final float[][] hidden;
    /** [layers − 1][n, out] gradients of those. */
    private final float[][] hiddenGradients;

    private float[] inputs = new float[0];

    Nd4jKernel(TowerShape shape, long seed, double outputScale) {
        this.shape = shape;
        this.weights = initial(shape, seed);
        this.gradients = shape.zeros();
        this.hidden = new float[shape.layers() - 1][0];
        this.hiddenGradients = new float[shape.layers() - 1][0];
        float[] last = weights[shape.tensors() - 2];
        for (int at = 0; at < last.length; at++) {
            last[at] *= (float) outputScale;
        }
    }

    /** The network as DL4J declares it. */
    static MultiLayerConfiguration configuration(TowerShape shape, long seed, DataType type) {
        NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(type)
                .miniBatch(false)
                .weightInit(WeightInit.XAVIER)
                .list();
        for (int layer = 0; layer < shape.layers(); layer++) {
            boolean last = layer == shape.layers() - 1;
            layers.layer(new DenseLayer.Builder()
                    .nIn(shape.in(layer))
                    .nOut(shape.out(layer))
                    .activation(last ? Activation.IDENTITY : Activation.RELU)
                    .build());
        }
        return layers.build();
    }

    @Override
    public TowerShape shape() {
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
        if (n < PLAIN_ROWS) {
            forwardEach(inputs, n, outputs);
            return;
        }
        float[] in = inputs;
        for (int layer = 0; layer < shape.layers(); layer++) {
            boolean relu = layer < shape.layers() - 1;
            float[] out = relu ? room(hidden, layer, n) : outputs;
            Products.multiply(in, weights[2 * layer], out, n, shape.in(layer), shape.out(layer), 1f);
            addBias(out, n, weights[2 * layer + 1], relu);
            in = out;
        }
    }

    @Override
    public void forwardEach(float[] inputs, int n, float[] outputs) {
        float[] in = inputs;
        for (int layer = 0; layer < shape.layers(); layer++) {
            boolean relu = layer < shape.layers() - 1;
            float[] out = relu ? room(hidden, layer, n) : outputs;
            for (int row = 0; row < n; row++) {
                PlainLayers.layer(
                        in,
                        row * shape.in(layer),
                        shape.in(layer),
                        weights[2 * layer],
                        weights[2 * layer + 1],
                        out,
                        row * shape.out(layer),
                        relu);
            }
            in = out;
        }
    }

    @Override
    public void backward(float[] outputGradients, int n, float[] inputGradients) {
        float[] delta = outputGradients;
        for (int layer = shape.layers() - 1; layer >= 0; layer--) {
            int in = shape.in(layer);
            int out = shape.out(layer);
            float[] below = layer == 0 ? inputs : hidden[layer - 1];
            Products.multiplyTransposedLeft(below, delta, gradients[2 * layer], in, n, out, 1f);
            sumRows(delta, n, gradients[2 * layer + 1]);
            float[] next = layer == 0 ? inputGradients : room(hiddenGradients, layer - 1, n);
            Products.multiplyTransposedRight(delta, weights[2 * layer], next, n, out, in, 1f);
            if (layer > 0) {
                gate(next, below, n * in);
            }
            delta = next;
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

    private static float[][] initial(TowerShape shape, long seed) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration(shape, seed, DataType.FLOAT));
        network.init();
        float[][] weights = new float[shape.tensors()][];
        for (int layer = 0; layer < shape.layers(); layer++) {
            weights[2 * layer] = rowMajor(network.getLayer(layer).getParam("W"));
            weights[2 * layer + 1] = rowMajor(network.getLayer(layer).getParam("b"));
        }
        network.close();
        return weights;
    }

    private static float[] rowMajor(INDArray array) {
        return array.dup('c').data().asFloat();
    }

    /** Row-major matrix products through the OpenBLAS that ND4J brings. */
    static final class Products {

        private Products() {}

        /** c [m, n] = factor · a [m, k] b [k, n]. */
        static void multiply(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
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
        static void multiplyTransposedLeft(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
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
        static void multiplyTransposedRight(float[] a, float[] b, float[] c, int m, int k, int n, float factor) {
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
