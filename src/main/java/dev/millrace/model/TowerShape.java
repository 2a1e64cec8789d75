package dev.millrace.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Widths of one tower's network: dense layers with ReLU between them, none after the last.
 *
 * @param widths of the input, each hidden layer, and the output
 */
record TowerShape(List<Integer> widths) {
    TowerShape {
        widths = List.copyOf(widths);
        if (widths.size() < 2) {
            throw new IllegalArgumentException(widths + ": a network needs input and output");
        }
    }

    static TowerShape of(int inputs, List<Integer> hidden, int outputs) {
        List<Integer> widths = new ArrayList<>();
        widths.add(inputs);
        widths.addAll(hidden);
        widths.add(outputs);
        return new TowerShape(widths);
    }

    int layers() {
        return widths.size() - 1;
    }

    /** Width that a layer reads. */
    int in(int layer) {
        return widths.get(layer);
    }

    /** Width that a layer writes. */
    int out(int layer) {
        return widths.get(layer + 1);
    }

    int inputs() {
        return widths.get(0);
    }

    int outputs() {
        return widths.get(widths.size() - 1);
    }

    /** Floats of a tensor: even ones are the layers' matrices [in, out] row-major, odd ones their biases [out]. */
    int length(int tensor) {
        int layer = tensor / 2;
        return tensor % 2 == 0 ? in(layer) * out(layer) : out(layer);
    }

    int tensors() {
        return 2 * layers();
    }

    /** New zeros in this shape, a tensor an array. */
    float[][] zeros() {
        float[][] tensors = new float[tensors()][];
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            tensors[tensor] = new float[length(tensor)];
        }
        return tensors;
    }
}
