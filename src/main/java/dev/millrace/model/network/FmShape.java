package dev.millrace.model.network;

import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.StepEngine;
import java.util.List;

/**
 * A factorisation machine: products of all pairs of fields, then a linear layer (Rendle 2010, eq. 5; kept as a vector as in
 * He and Chua 2017). {@code q = ½ ((Σ v_f)² − Σ v_f²)}, squared by component.
 *
 * @param inputs width of the input row, which may hold other fields too
 * @param fields first column of each field
 * @param width of each field
 */
record FmShape(int inputs, List<Integer> fields, int width, int outputs) implements ChannelShape {
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
    public TowerKernel kernel(StepEngine engine, long seed, double outputScale) {
        return new FmKernel(this, engine, seed, outputScale);
    }

    @Override
    public List<Layer> layers() {
        return linear().layers();
    }

    @Override
    public void forward(Products products, float[][] tensors, int first, float[] in, int n, float[] out) {
        float[] pairs = new float[n * width];
        multiply(in, 0, n, new float[n * width], pairs);
        linear().forward(products, tensors, first, pairs, n, out);
    }

    /**
     * Multiplies the fields of the rows from {@code from} to {@code to}, exclusive.
     *
     * @param in [n, inputs]
     * @param sums [n, width] Σ v_f, filled
     * @param pairs [n, width] q, filled
     */
    void multiply(float[] in, int from, int to, float[] sums, float[] pairs) {
        for (int row = from; row < to; row++) {
            multiply(in, row * inputs, sums, pairs, row * width);
        }
    }

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
    public String export(NetworkExport to, float[][] tensors, int first, String in) {
        String sum = to.columns(in, fields.get(0), fields.get(0) + width);
        String squares = to.product(sum, sum);
        for (int field : fields.subList(1, fields.size())) {
            String v = to.columns(in, field, field + width);
            sum = to.sum(sum, v);
            squares = to.sum(squares, to.product(v, v));
        }
        String products = to.scaled(to.sum(to.product(sum, sum), to.scaled(squares, -1f)), 0.5f);
        return linear().export(to, tensors, first, products);
    }
}
