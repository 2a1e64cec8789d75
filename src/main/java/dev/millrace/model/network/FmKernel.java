package dev.millrace.model.network;

import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.engine.Team;
import java.util.Arrays;

/** A factorisation machine, forward and backward. One thread. */
final class FmKernel implements TowerKernel {

    private static final int ROWS = 32; // worth a second thread

    private final FmShape shape;
    private final Team team;
    private final MlpKernel linear;
    private float[] inputs = new float[0];
    /** [n, width] sums of the fields, and the products of all pairs. */
    private float[] sums = new float[0];

    private float[] pairs = new float[0];
    private float[] pairGradients = new float[0];

    FmKernel(FmShape shape, StepEngine engine, long seed, double outputScale) {
        this.shape = shape;
        this.team = engine.team();
        this.linear = new MlpKernel(shape.linear(), engine, seed, outputScale);
    }

    @Override
    public FmShape shape() {
        return shape;
    }

    @Override
    public float[][] weights() {
        return linear.weights();
    }

    @Override
    public float[][] gradients() {
        return linear.gradients();
    }

    @Override
    public void forward(float[] inputs, int n, float[] outputs, long seed) {
        this.inputs = inputs;
        sums = Scratch.atLeast(sums, n * shape.width());
        pairs = Scratch.atLeast(pairs, n * shape.width());
        team.share(n, ROWS, (from, to, member) -> shape.multiply(inputs, from, to, sums, pairs));
        linear.forward(pairs, n, outputs, seed);
    }

    /** dL/dv_f = dL/dq ⊙ (Σ v − v_f). */
    @Override
    public void backward(float[] outputGradients, int n, float[] inputGradients) {
        int width = shape.width();
        pairGradients = Scratch.atLeast(pairGradients, n * width);
        linear.backward(outputGradients, n, pairGradients);
        team.share(n, ROWS, (from, to, member) -> rowsBackward(from, to, inputGradients));
    }

    private void rowsBackward(int from, int to, float[] inputGradients) {
        int width = shape.width();
        Arrays.fill(inputGradients, from * shape.inputs(), to * shape.inputs(), 0f);
        for (int row = from; row < to; row++) {
            for (int field : shape.fields()) {
                int at = row * shape.inputs() + field;
                for (int d = 0; d < width; d++) {
                    inputGradients[at + d] = pairGradients[row * width + d] * (sums[row * width + d] - inputs[at + d]);
                }
            }
        }
    }
}
