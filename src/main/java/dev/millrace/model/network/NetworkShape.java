package dev.millrace.model.network;

import java.util.List;

/**
 * A network as declared: its dense layers in a fixed order, and what it makes of one row by plain loops.
 *
 * <p>Its tensors are two a layer, in the order of {@link #layers}: the matrix [in, out] row-major, then the bias [out].
 */
public interface NetworkShape {

    /** Widths of a dense layer. */
    record Layer(int in, int out) {}

    /** Width of a row that it reads. */
    int inputs();

    /** Width of a row that it makes. */
    int outputs();

    List<Layer> layers();

    /**
     * What it makes of one row, with no native code.
     *
     * @param tensors that hold this network's, among others
     * @param first where this network's begin
     * @param in [inputs]
     * @param out [outputs] filled
     */
    void forward(float[][] tensors, int first, float[] in, float[] out);

    /**
     * Exports what {@link #forward} computes.
     *
     * @param in name of the rows that it reads
     * @return name of the rows that it makes
     */
    String export(NetworkExport to, float[][] tensors, int first, String in);

    default int tensors() {
        return 2 * layers().size();
    }

    /** Floats of a tensor. */
    default int length(int tensor) {
        Layer layer = layers().get(tensor / 2);
        return tensor % 2 == 0 ? layer.in() * layer.out() : layer.out();
    }

    /** New zeros in this shape, a tensor an array. */
    default float[][] zeros() {
        float[][] tensors = new float[tensors()][];
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            tensors[tensor] = new float[length(tensor)];
        }
        return tensors;
    }
}
