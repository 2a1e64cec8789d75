package dev.millrace.model.network;

import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.StepEngine;
import java.util.ArrayList;
import java.util.List;

/**
 * A multi-layer perceptron: dense layers in sequence (DSSM, Huang et al. 2013).
 *
 * @param widths of the input, each hidden layer, and the output
 * @param activation after every layer but the last
 * @param last activation after the last layer
 * @param dropout share of a hidden layer's numbers that a learning step leaves out, in [0, 1)
 */
record MlpShape(List<Integer> widths, Activation activation, Activation last, double dropout) implements ChannelShape {
    MlpShape {
        widths = List.copyOf(widths);
        if (widths.size() < 2) {
            throw new IllegalArgumentException(widths + ": a network needs an input and an output width");
        }
    }

    /** Returns a shape with no activation after the last layer and no dropout. */
    static MlpShape of(int inputs, List<Integer> hidden, int outputs, Activation activation) {
        List<Integer> widths = new ArrayList<>();
        widths.add(inputs);
        widths.addAll(hidden);
        widths.add(outputs);
        return new MlpShape(widths, activation, Activation.IDENTITY, 0);
    }

    MlpShape withDropout(double share) {
        return new MlpShape(widths, activation, last, share);
    }

    /** The activation after a layer. */
    Activation behind(int layer) {
        return layer == depth() - 1 ? last : activation;
    }

    int depth() {
        return widths.size() - 1;
    }

    /** Input width of a layer. */
    int in(int layer) {
        return widths.get(layer);
    }

    /** Output width of a layer. */
    int out(int layer) {
        return widths.get(layer + 1);
    }

    @Override
    public int inputs() {
        return widths.get(0);
    }

    @Override
    public int outputs() {
        return widths.get(widths.size() - 1);
    }

    @Override
    public TowerKernel kernel(StepEngine engine, long seed, double outputScale) {
        return new MlpKernel(this, engine, seed, outputScale);
    }

    @Override
    public boolean readsSharedLayers() {
        return true;
    }

    @Override
    public List<Layer> layers() {
        List<Layer> layers = new ArrayList<>(depth());
        for (int layer = 0; layer < depth(); layer++) {
            layers.add(new Layer(in(layer), out(layer)));
        }
        return layers;
    }

    @Override
    public void forward(Products products, float[][] tensors, int first, float[] in, int n, float[] out) {
        float[] from = in;
        for (int layer = 0; layer < depth(); layer++) {
            float[] to = layer == depth() - 1 ? out : new float[n * out(layer)];
            float[] weights = tensors[first + 2 * layer];
            float[] bias = tensors[first + 2 * layer + 1];
            boolean relu = behind(layer) == Activation.RELU;
            DenseLayer.forward(products, from, n, in(layer), weights, bias, to, relu);
            if (!relu && behind(layer) != Activation.IDENTITY) {
                behind(layer).apply(to, to, 0, n * out(layer));
            }
            from = to;
        }
    }

    @Override
    public String export(NetworkExport to, float[][] tensors, int first, String in) {
        String value = in;
        for (int layer = 0; layer < depth(); layer++) {
            int at = first + 2 * layer;
            value = behind(layer).export(to, to.dense(value, tensors[at], tensors[at + 1]));
        }
        return value;
    }
}
