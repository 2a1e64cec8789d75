package dev.millrace.model.network;

import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.engine.Team;
import java.util.Arrays;

/** Squeeze and excitation over fields, forward and backward. One thread. */
final class SenetKernel implements TowerKernel {

    private static final int ROWS = 32; // worth a second thread

    private final SenetShape shape;
    private final Team team;
    private final MlpKernel excitation;
    private float[] inputs = new float[0];
    /** [n, fields] means and weights of the fields, and their gradients. */
    private float[] means = new float[0];

    private float[] factors = new float[0];
    private float[] meanGradients = new float[0];
    private float[] factorGradients = new float[0];

    /**
     * Sets the bias so that the initial field weights are about 1, where the activation allows it: an untrained model treats
     * its fields alike.
     */
    SenetKernel(SenetShape shape, StepEngine engine, long seed) {
        this.shape = shape;
        this.team = engine.team();
        this.excitation = new MlpKernel(shape.excitation(), engine, seed, 1);
        float[] bias = excitation.weights()[excitation.weights().length - 1];
        switch (shape.excitation().last()) {
            case RELU, LEAKY_RELU, GELU, IDENTITY -> Arrays.fill(bias, 1f);
            case TANH, SIGMOID, TWICE_SIGMOID -> Arrays.fill(bias, 0f);
        }
    }

    @Override
    public SenetShape shape() {
        return shape;
    }

    @Override
    public float[][] weights() {
        return excitation.weights();
    }

    @Override
    public float[][] gradients() {
        return excitation.gradients();
    }

    /** [fields] Returns the mean weight of each field over the n rows of the last forward pass. */
    double[] meanFactors(int n) {
        int fields = shape.fields();
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
        this.inputs = inputs;
        means = Scratch.atLeast(means, n * shape.fields());
        factors = Scratch.atLeast(factors, n * shape.fields());
        team.share(n, ROWS, (from, to, member) -> shape.squeeze(inputs, from, to, means));
        excitation.forward(means, n, factors, seed);
        team.share(n, ROWS, (from, to, member) -> shape.weigh(inputs, from, to, factors, outputs));
    }

    /** dL/da_f = Σ dL/dv · e_f;  dL/de_f = a_f dL/dv + dL/dz_f / width. */
    @Override
    public void backward(float[] outputGradients, int n, float[] inputGradients) {
        int fields = shape.fields();
        meanGradients = Scratch.atLeast(meanGradients, n * fields);
        factorGradients = Scratch.atLeast(factorGradients, n * fields);
        team.share(n, ROWS, (from, to, member) -> factorGradients(outputGradients, from, to));
        excitation.backward(factorGradients, n, meanGradients);
        team.share(n, ROWS, (from, to, member) -> inputGradients(outputGradients, from, to, inputGradients));
    }

    private void factorGradients(float[] outputGradients, int from, int to) {
        int fields = shape.fields();
        for (int row = from; row < to; row++) {
            for (int f = 0; f < fields; f++) {
                float sum = 0f;
                int end = at(row, f + 1);
                for (int at = at(row, f); at < end; at++) {
                    sum += outputGradients[at] * inputs[at];
                }
                factorGradients[row * fields + f] = sum;
            }
        }
    }

    private void inputGradients(float[] outputGradients, int from, int to, float[] inputGradients) {
        int fields = shape.fields();
        for (int row = from; row < to; row++) {
            for (int f = 0; f < fields; f++) {
                float factor = factors[row * fields + f];
                float share = meanGradients[row * fields + f] / shape.width(f);
                int end = at(row, f + 1);
                for (int at = at(row, f); at < end; at++) {
                    inputGradients[at] = factor * outputGradients[at] + share;
                }
            }
        }
    }

    private int at(int row, int field) {
        return row * shape.inputs() + shape.starts().get(field);
    }
}
