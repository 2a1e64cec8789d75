package dev.millrace.model.network;

import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.StepEngine;
import java.util.List;

/**
 * The architecture of a network: its dense layers in a fixed order, and a forward pass.
 *
 * <p>Each layer has two tensors, in the order of {@link #layers}: the matrix [in, out] row-major, then the bias [out].
 */
public interface NetworkShape {

    /** Widths of a dense layer. */
    record Layer(int in, int out) {}

    /** Width of an input row. */
    int inputs();

    /** Width of an output row. */
    int outputs();

    List<Layer> layers();

    /**
     * Returns a kernel of this shape with its initial weights.
     *
     * @param engine of the learning steps
     * @param outputScale factor on the initial weights of the last layer, in [0, 1]
     */
    Kernel kernel(StepEngine engine, long seed, double outputScale);

    /**
     * Forward pass. With products on the heap, the bits of an output row depend on the weights and its input row alone.
     *
     * @param tensors of the whole tower, this network's among them
     * @param first index of this network's first tensor
     * @param in [n, inputs] row-major
     * @param out [n, outputs] filled; another array than {@code in}
     */
    void forward(Products products, float[][] tensors, int first, float[] in, int n, float[] out);

    /**
     * Exports what {@link #forward} computes.
     *
     * @param in name of the input rows
     * @return name of the output rows
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

    /** Returns new tensors of zeros in this shape, one array for each. */
    default float[][] zeros() {
        float[][] tensors = new float[tensors()][];
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            tensors[tensor] = new float[length(tensor)];
        }
        return tensors;
    }

    /**
     * One network in training: forward and backward passes over float arrays. One thread.
     *
     * <p>Tensors are in the order of {@link NetworkShape#layers}: even numbers are matrices, odd numbers are biases.
     */
    interface Kernel {

        NetworkShape shape();

        /** The weights themselves, one array for each tensor. Writing to them changes the network. */
        float[][] weights();

        /** The gradients of the last {@link #backward}, shaped as the weights. */
        float[][] gradients();

        /**
         * Forward pass of a learning step, with dropout. Without dropout it computes what {@link NetworkShape#forward} does.
         *
         * @param inputs [n, in] row-major; read again by {@link #backward}
         * @param outputs [n, out] row-major, filled
         * @param seed of the dropout
         */
        void forward(float[] inputs, int n, float[] outputs, long seed);

        /**
         * Backward pass of the last {@link #forward}, which must have had the same n.
         *
         * @param outputGradients [n, out] dL/doutputs
         * @param inputGradients [n, in] dL/dinputs, filled
         */
        void backward(float[] outputGradients, int n, float[] inputGradients);
    }
}
