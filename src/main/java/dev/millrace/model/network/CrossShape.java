package dev.millrace.model.network;

import java.util.ArrayList;
import java.util.List;

/**
 * Cross layers with full matrices, then a linear one (DCN v2, Wang et al. 2021, eq. 1): {@code x_{l+1} = x_0 ⊙ (x_l W_l + b_l) + x_l}.
 *
 * @param depth cross layers, each of one degree more in the inputs
 */
record CrossShape(int inputs, int depth, int outputs) implements ChannelShape {

    @Override
    public TowerKernel kernel(long seed, double outputScale) {
        return new CrossKernel(this, seed, outputScale);
    }

    @Override
    public List<Layer> layers() {
        List<Layer> layers = new ArrayList<>(depth + 1);
        for (int layer = 0; layer < depth; layer++) {
            layers.add(new Layer(inputs, inputs));
        }
        layers.add(new Layer(inputs, outputs));
        return layers;
    }

    @Override
    public void forward(float[][] tensors, int first, float[] in, float[] out) {
        float[] x = in;
        for (int layer = 0; layer < depth; layer++) {
            float[] next = new float[inputs];
            int at = first + 2 * layer;
            PlainLayers.layer(x, 0, inputs, tensors[at], tensors[at + 1], next, 0, Activation.IDENTITY);
            cross(in, 0, next, 0, x, 0, next, 0, inputs);
            x = next;
        }
        int last = first + 2 * depth;
        PlainLayers.layer(x, 0, inputs, tensors[last], tensors[last + 1], out, 0, Activation.IDENTITY);
    }

    /** {@code out = x0 ⊙ u + x}; out may be in the place of u. */
    static void cross(
            float[] x0, int x0At, float[] u, int uAt, float[] x, int xAt, float[] out, int outAt, int length) {
        for (int at = 0; at < length; at++) {
            out[outAt + at] = x0[x0At + at] * u[uAt + at] + x[xAt + at];
        }
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, int first, String in) {
        String x = in;
        for (int layer = 0; layer < depth; layer++) {
            int at = first + 2 * layer;
            x = to.sum(to.product(in, to.dense(x, tensors[at], tensors[at + 1])), x);
        }
        int last = first + 2 * depth;
        return to.dense(x, tensors[last], tensors[last + 1]);
    }
}
