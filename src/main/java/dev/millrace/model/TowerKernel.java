package dev.millrace.model;

/**
 * The engine of one tower's network: forward and backward on float arrays of known shape. One thread.
 *
 * <p>Tensors are numbered as {@link TowerShape#length} says.
 */
interface TowerKernel {

    TowerShape shape();

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
     * Forward a row at a time: the bits of a row's output are a function of the weights and that row alone.
     *
     * @param inputs [n, in] row-major
     * @param outputs [n, out] row-major, filled
     */
    void forwardEach(float[] inputs, int n, float[] outputs);

    /**
     * Backward through the last {@link #forward} of the same n.
     *
     * @param outputGradients [n, out] dL/doutputs
     * @param inputGradients [n, in] dL/dinputs, filled
     */
    void backward(float[] outputGradients, int n, float[] inputGradients);
}
