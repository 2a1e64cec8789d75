package dev.millrace.model.network;

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
    public TowerKernel kernel(long seed, double outputScale) {
        return new FmKernel(this, seed, outputScale);
    }

    @Override
    public List<Layer> layers() {
        return linear().layers();
    }

    @Override
    public void forward(float[][] tensors, int first, float[] in, float[] out) {
        float[] sums = new float[width];
        float[] products = new float[width];
        multiply(in, 0, sums, products, 0);
        linear().forward(tensors, first, products, out);
    }

    /**
     * Computes the products of one row.
     *
     * @param sums [.., width] Σ v_f, filled from {@code at}
     * @param products [.., width] q, filled from {@code at}
     */
    void multiply(float[] in, int inAt, float[] sums, float[] products, int at) {
        for (int d = 0; d < width; d++) {
            float sum = 0f;
            float squares = 0f;
            for (int field : fields) {
                float v = in[inAt + field + d];
                sum += v;
                squares += v * v;
            }
            sums[at + d] = sum;
            products[at + d] = 0.5f * (sum * sum - squares);
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
