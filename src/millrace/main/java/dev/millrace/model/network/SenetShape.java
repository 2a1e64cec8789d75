package dev.millrace.model.network;

import dev.millrace.model.engine.Engine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Squeeze and excitation over fields: a weight for each field of each row, computed from the means of all fields (Hu et al.
 * 2018; over fields as in FiBiNET, Huang et al. 2019, eq. 2 to 4). {@code z_f = mean(e_f)}, {@code a = σ2(W2 σ1(W1 z + b1) +
 * b2)}, {@code v_f = a_f e_f}.
 *
 * @param starts first column of each field, then the end of the last
 * @param excitation the two layers, from the means to the weights
 */
record SenetShape(List<Integer> starts, MlpShape excitation) implements NetworkShape {
    SenetShape {
        starts = List.copyOf(starts);
        if (excitation.inputs() != starts.size() - 1 || excitation.outputs() != starts.size() - 1) {
            throw new IllegalArgumentException(
                    excitation.widths() + ": input and output must be the " + (starts.size() - 1) + " fields");
        }
    }

    int fields() {
        return starts.size() - 1;
    }

    @Override
    public int inputs() {
        return starts.get(fields());
    }

    @Override
    public int outputs() {
        return inputs();
    }

    /**
     * The bias is such that the initial field weights are about 1, where the activation allows it: an untrained model treats its
     * fields alike.
     */
    @Override
    public float[][] initialWeights(Engine engine, long seed, double outputScale) {
        float[][] weights = excitation.initialWeights(engine, seed, 1);
        float[] bias = weights[weights.length - 1];
        switch (excitation.last()) {
            case RELU, LEAKY_RELU, GELU, IDENTITY -> Arrays.fill(bias, 1f);
            case TANH, SIGMOID, TWICE_SIGMOID -> Arrays.fill(bias, 0f);
        }
        return weights;
    }

    @Override
    public SenetKernel kernel(float[][] weights, float[][] gradients, Run run) {
        return new SenetKernel(weights, gradients, run);
    }

    @Override
    public List<Layer> layers() {
        return excitation.layers();
    }

    private void squeeze(float[] in, int inAt, float[] means, int at) {
        for (int f = 0; f < fields(); f++) {
            float sum = 0f;
            int end = starts.get(f + 1);
            for (int d = starts.get(f); d < end; d++) {
                sum += in[inAt + d];
            }
            means[at + f] = sum / width(f);
        }
    }

    private void weigh(float[] in, int inAt, float[] weights, int at, float[] out) {
        for (int f = 0; f < fields(); f++) {
            float weight = weights[at + f];
            int end = starts.get(f + 1);
            for (int d = starts.get(f); d < end; d++) {
                out[inAt + d] = weight * in[inAt + d];
            }
        }
    }

    int width(int field) {
        return starts.get(field + 1) - starts.get(field);
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, String in) {
        List<String> means = new ArrayList<>();
        for (int f = 0; f < fields(); f++) {
            means.add(to.mean(field(to, in, f)));
        }
        String weights = excitation.export(to, tensors, to.sideBySide(means));
        List<String> weighed = new ArrayList<>();
        for (int f = 0; f < fields(); f++) {
            weighed.add(to.product(field(to, in, f), to.columns(weights, f, f + 1)));
        }
        return to.sideBySide(weighed);
    }

    private String field(NetworkExport to, String in, int field) {
        return to.columns(in, starts.get(field), starts.get(field + 1));
    }

    /** Squeeze and excitation over fields, forward and backward. One thread. */
    final class SenetKernel extends Kernel {

        private static final int ROWS = 32; // worth a second thread

        private final Kernel weigher;
        private float[] in = new float[0];
        /** [n, fields] means and weights of the fields, and their gradients. */
        private float[] means = new float[0];

        private float[] factors = new float[0];
        private float[] meanGradients = new float[0];
        private float[] factorGradients = new float[0];

        SenetKernel(float[][] weights, float[][] gradients, Run run) {
            super(SenetShape.this, weights, gradients, run);
            this.weigher = excitation.kernel(weights, gradients, run);
        }

        /** [fields] Returns the mean weight of each field over the n rows of the last forward pass. */
        double[] meanFactors(int n) {
            int fields = fields();
            double[] sums = new double[fields];
            for (int row = 0; row < n; row++) {
                for (int f = 0; f < fields; f++) {
                    sums[f] += factors[row * fields + f];
                }
            }
            for (int f = 0; f < fields; f++) {
                sums[f] /= n;
            }
            return sums;
        }

        @Override
        public void forward(float[] inputs, int n, float[] outputs, long seed) {
            in = inputs;
            means = Scratch.atLeast(means, n * fields());
            factors = Scratch.atLeast(factors, n * fields());
            team.share(n, ROWS, (from, to, member) -> {
                for (int row = from; row < to; row++) {
                    squeeze(inputs, row * inputs(), means, row * fields());
                }
            });
            weigher.forward(means, n, factors, seed);
            team.share(n, ROWS, (from, to, member) -> {
                for (int row = from; row < to; row++) {
                    weigh(inputs, row * inputs(), factors, row * fields(), outputs);
                }
            });
        }

        /** dL/da_f = Σ dL/dv · e_f;  dL/de_f = a_f dL/dv + dL/dz_f / width. */
        @Override
        public void backward(float[] outputGradients, int n, float[] inputGradients) {
            int fields = fields();
            meanGradients = Scratch.atLeast(meanGradients, n * fields);
            factorGradients = Scratch.atLeast(factorGradients, n * fields);
            team.share(n, ROWS, (from, to, member) -> factorGradients(outputGradients, from, to));
            weigher.backward(factorGradients, n, meanGradients);
            team.share(n, ROWS, (from, to, member) -> inputGradients(outputGradients, from, to, inputGradients));
        }

        private void factorGradients(float[] outputGradients, int from, int to) {
            int fields = fields();
            for (int row = from; row < to; row++) {
                for (int f = 0; f < fields; f++) {
                    float sum = 0f;
                    int end = at(row, f + 1);
                    for (int at = at(row, f); at < end; at++) {
                        sum += outputGradients[at] * in[at];
                    }
                    factorGradients[row * fields + f] = sum;
                }
            }
        }

        private void inputGradients(float[] outputGradients, int from, int to, float[] inputGradients) {
            int fields = fields();
            for (int row = from; row < to; row++) {
                for (int f = 0; f < fields; f++) {
                    float factor = factors[row * fields + f];
                    float share = meanGradients[row * fields + f] / width(f);
                    int end = at(row, f + 1);
                    for (int at = at(row, f); at < end; at++) {
                        inputGradients[at] = factor * outputGradients[at] + share;
                    }
                }
            }
        }

        private int at(int row, int field) {
            return row * inputs() + starts.get(field);
        }
    }
}
