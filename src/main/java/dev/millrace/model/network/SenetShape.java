package dev.millrace.model.network;

import dev.millrace.model.engine.Products;
import java.util.ArrayList;
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

    @Override
    public List<Layer> layers() {
        return excitation.layers();
    }

    @Override
    public void forward(Products products, float[][] tensors, int first, float[] in, int n, float[] out) {
        float[] means = new float[n * fields()];
        float[] weights = new float[n * fields()];
        squeeze(in, 0, n, means);
        excitation.forward(products, tensors, first, means, n, weights);
        weigh(in, 0, n, weights, out);
    }

    /**
     * Takes the means of the fields of the rows from {@code from} to {@code to}, exclusive.
     *
     * @param in [n, inputs]
     * @param means [n, fields] filled
     */
    void squeeze(float[] in, int from, int to, float[] means) {
        for (int row = from; row < to; row++) {
            squeeze(in, row * inputs(), means, row * fields());
        }
    }

    /**
     * Weighs the fields of the rows from {@code from} to {@code to}, exclusive.
     *
     * @param in [n, inputs]
     * @param weights [n, fields]
     * @param out [n, inputs] filled
     */
    void weigh(float[] in, int from, int to, float[] weights, float[] out) {
        for (int row = from; row < to; row++) {
            weigh(in, row * inputs(), weights, row * fields(), out);
        }
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
    public String export(NetworkExport to, float[][] tensors, int first, String in) {
        List<String> means = new ArrayList<>();
        for (int f = 0; f < fields(); f++) {
            means.add(to.mean(field(to, in, f)));
        }
        String weights = excitation.export(to, tensors, first, to.sideBySide(means));
        List<String> weighed = new ArrayList<>();
        for (int f = 0; f < fields(); f++) {
            weighed.add(to.product(field(to, in, f), to.columns(weights, f, f + 1)));
        }
        return to.sideBySide(weighed);
    }

    private String field(NetworkExport to, String in, int field) {
        return to.columns(in, starts.get(field), starts.get(field + 1));
    }
}
