package dev.millrace.model.network;

/**
 * One network in training: forward and backward passes over float arrays. One thread.
 *
 * <p>Tensors are in the order of {@link NetworkShape#layers}: even numbers are matrices, odd numbers are biases.
 */
interface TowerKernel {

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
