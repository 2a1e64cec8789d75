package dev.millrace.model.network;

/**
 * The engine of one network: forward and backward on float arrays of known shape. One thread.
 *
 * <p>Tensors are numbered as {@link NetworkShape#layers} says: even ones are matrices, odd ones biases.
 */
interface TowerKernel {

    NetworkShape shape();

    /** The weights themselves, a tensor an array; who writes them changes the network. */
    float[][] weights();

    /** What the last {@link #backward} left, shaped as the weights. */
    float[][] gradients();

    /**
     * @param inputs [n, in] row-major; read again by {@link #backward}
     * @param outputs [n, out] row-major, filled
     */
    void forward(float[] inputs, int n, float[] outputs);

    /**
     * Forward a row at a time: the bits of a row's output are a function of the weights and that row alone. Not to go back from.
     *
     * @param inputs [n, in] row-major
     * @param outputs [n, out] row-major, filled
     */
    void forwardEach(float[] inputs, int n, float[] outputs);

    /**
     * As {@link #forward}, with what only a learning step does: some numbers are left out.
     *
     * @param seed of what is left out
     */
    default void forwardToLearn(float[] inputs, int n, float[] outputs, long seed) {
        forward(inputs, n, outputs);
    }

    /**
     * Backward through the last {@link #forward} or {@link #forwardToLearn} of the same n.
     *
     * @param outputGradients [n, out] dL/doutputs
     * @param inputGradients [n, in] dL/dinputs, filled
     */
    void backward(float[] outputGradients, int n, float[] inputGradients);
}
