package dev.millrace.model.network;

import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.StepEngine;
import java.util.ArrayList;
import java.util.List;

/**
 * Cross layers with full matrices, then a linear one (DCN v2, Wang et al. 2021, eq. 1): {@code x_{l+1} = x_0 ⊙ (x_l W_l + b_l) + x_l}.
 *
 * @param depth cross layers, each of one degree more in the inputs
 */
record CrossShape(int inputs, int depth, int outputs) implements ChannelShape {

    @Override
    public TowerKernel kernel(StepEngine engine, long seed, double outputScale) {
        return new CrossKernel(this, engine, seed, outputScale);
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
    public void forward(Products products, float[][] tensors, int first, float[] in, int n, float[] out) {
        float[] x = in;
        for (int layer = 0; layer < depth; layer++) {
            float[] next = new float[n * inputs];
            int at = first + 2 * layer;
            DenseLayer.forward(products, x, n, inputs, tensors[at], tensors[at + 1], next, false);
            cross(in, next, x, next, 0, n * inputs);
            x = next;
        }
        int last = first + 2 * depth;
        DenseLayer.forward(products, x, n, inputs, tensors[last], tensors[last + 1], out, false);
    }

    /** {@code out = x0 ⊙ u + x}; out may be u. */
    static void cross(float[] x0, float[] u, float[] x, float[] out, int from, int to) {
        for (int at = from; at < to; at++) {
            out[at] = x0[at] * u[at] + x[at];
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
