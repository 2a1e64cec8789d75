package dev.millrace.model.network;

import java.util.Arrays;
import java.util.List;

/**
 * A factorisation machine: products of all pairs of fields, then a linear layer (Rendle 2010, eq. 5; kept as a vector as in
 * He and Chua 2017). {@code q = ½ ((Σ v_f)² − Σ v_f²)}, squared by component.
 *
 * @param inputs width of the input row, which may hold other fields too
 * @param fields first column of each field
 * @param width of each field
 */
record FmShape(int inputs, List<Integer> fields, int width, int outputs) implements NetworkShape {
    FmShape {
        fields = List.copyOf(fields);
        if (fields.size() < 2) {
            throw new IllegalArgumentException(fields + ": a factorisation machine needs two fields");
        }
    }

    /** The linear layer after the products. */
    MlpShape linear() {
        return MlpShape.of(width, List.of(), outputs, Activation.IDENTITY);
    }

    @Override
    public Kernel kernel(float[][] weights, float[][] gradients, Run run) {
        return new FmKernel(weights, gradients, run);
    }

    @Override
    public List<Layer> layers() {
        return linear().layers();
    }

    /** Fills Σ v_f and q of one row. */
    private void multiply(float[] in, int inAt, float[] sums, float[] pairs, int at) {
        for (int d = 0; d < width; d++) {
            float sum = 0f;
            float squares = 0f;
            for (int field : fields) {
                float v = in[inAt + field + d];
                sum += v;
                squares += v * v;
            }
            sums[at + d] = sum;
            pairs[at + d] = 0.5f * (sum * sum - squares);
        }
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, String in) {
        String sum = to.columns(in, fields.get(0), fields.get(0) + width);
        String squares = to.product(sum, sum);
        for (int field : fields.subList(1, fields.size())) {
            String v = to.columns(in, field, field + width);
            sum = to.sum(sum, v);
            squares = to.sum(squares, to.product(v, v));
        }
        String products = to.scaled(to.sum(to.product(sum, sum), to.scaled(squares, -1f)), 0.5f);
        return linear().export(to, tensors, products);
    }

    /** A factorisation machine, forward and backward. One thread. */
    private final class FmKernel extends Kernel {

        private static final int ROWS = 32; // worth a second thread

        private final Kernel linear;
        private float[] in = new float[0];
        /** [n, width] sums of the fields, and the products of all pairs. */
        private float[] sums = new float[0];

        private float[] pairs = new float[0];
        private float[] pairGradients = new float[0];

        FmKernel(float[][] weights, float[][] gradients, Run run) {
            super(FmShape.this, weights, gradients, run);
            this.linear = linear().kernel(weights, gradients, run);
        }

        @Override
        public void forward(float[] inputRows, int n, float[] outputs, long seed) {
            in = inputRows;
            sums = Scratch.atLeast(sums, n * width);
            pairs = Scratch.atLeast(pairs, n * width);
            team.share(n, ROWS, (from, to, member) -> {
                for (int row = from; row < to; row++) {
                    multiply(inputRows, row * inputs, sums, pairs, row * width);
                }
            });
            linear.forward(pairs, n, outputs, seed);
        }

        /** dL/dv_f = dL/dq ⊙ (Σ v − v_f). */
        @Override
        public void backward(float[] outputGradients, int n, float[] inputGradients) {
            pairGradients = Scratch.atLeast(pairGradients, n * width);
            linear.backward(outputGradients, n, pairGradients);
            team.share(n, ROWS, (from, to, member) -> rowsBackward(from, to, inputGradients));
        }

        private void rowsBackward(int from, int to, float[] inputGradients) {
            Arrays.fill(inputGradients, from * inputs, to * inputs, 0f);
            for (int row = from; row < to; row++) {
                for (int field : fields) {
                    int at = row * inputs + field;
                    for (int d = 0; d < width; d++) {
                        inputGradients[at + d] = pairGradients[row * width + d] * (sums[row * width + d] - in[at + d]);
                    }
                }
            }
        }
    }
}
