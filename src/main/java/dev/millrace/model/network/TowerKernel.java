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
     * Forward pass.
     *
     * @param inputs [n, in] row-major; read again by {@link #backward}
     * @param outputs [n, out] row-major, filled
     */
    void forward(float[] inputs, int n, float[] outputs);

    /**
     * Forward pass one row at a time: the bits of an output row depend on the weights and its input row alone. {@link
     * #backward} must not follow.
     *
     * @param inputs [n, in] row-major
     * @param outputs [n, out] row-major, filled
     */
    void forwardEach(float[] inputs, int n, float[] outputs);

    /**
     * Forward pass of a learning step: as {@link #forward}, with dropout.
     *
     * @param seed of the dropout
     */
    default void forwardToLearn(float[] inputs, int n, float[] outputs, long seed) {
        forward(inputs, n, outputs);
    }

    /**
     * Backward pass of the last {@link #forward} or {@link #forwardToLearn}, which must have had the same n.
     *
     * @param outputGradients [n, out] dL/doutputs
     * @param inputGradients [n, in] dL/dinputs, filled
     */
    void backward(float[] outputGradients, int n, float[] inputGradients);
}
