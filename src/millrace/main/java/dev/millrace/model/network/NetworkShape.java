package dev.millrace.model.network;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Products;
import dev.millrace.model.engine.Team;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The architecture of a network: its dense layers in a fixed order, and a forward pass.
 *
 * <p>Each layer has two tensors, in the order of {@link #layers}: the matrix [in, out] row-major, then the bias [out]. A graph of DL4J has none
 * of these layers, and two tensors.
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
     * Returns initial weights, in the order of {@link #layers}.
     *
     * @param engine of the learning steps
     * @param outputScale factor on the initial weights of the last layer, in [0, 1]
     */
    default float[][] initialWeights(Engine engine, long seed, double outputScale) {
        return InitialWeights.of(engine, layers(), seed, outputScale);
    }

    /**
     * What computes the passes of a network. One thread.
     *
     * @param isLearning whether there is dropout
     */
    record Run(Products products, Team team, boolean isLearning) {}

    /**
     * Returns this network over some weights.
     *
     * @param weights in the order of {@link #layers}
     * @param gradients shaped as the weights, filled by a backward pass
     */
    Kernel kernel(float[][] weights, float[][] gradients, Run run);

    /** Returns this network over some weights, without dropout. It has no backward pass. */
    default Kernel reader(float[][] weights, Products products, Team team) {
        return kernel(weights, new float[tensors()][0], new Run(products, team, false));
    }

    /**
     * Forward pass without dropout. With products on the heap, the bits of an output row depend on the weights and its input row
     * alone.
     *
     * @param tensors of the network
     * @param in [n, inputs] row-major
     * @param out [n, outputs] filled; another array than {@code in}
     */
    default void forward(Products products, float[][] tensors, float[] in, int n, float[] out) {
        reader(tensors, products, Team.alone()).forward(in, n, out, 0);
    }

    /**
     * Exports what {@link #forward} computes.
     *
     * @param in name of the input rows
     * @return name of the output rows
     */
    String export(NetworkExport to, float[][] tensors, String in);

    /** Multiply-adds of the forward pass of a row. */
    default long multiplyAdds() {
        return layers().stream()
                .mapToLong(layer -> (long) layer.in() * layer.out())
                .sum();
    }

    default int tensors() {
        return 2 * layers().size();
    }

    /** Returns new tensors of zeros in this shape, one array for each. */
    default float[][] zeros() {
        return layers().stream()
                .flatMap(layer -> Stream.of(new float[layer.in() * layer.out()], new float[layer.out()]))
                .toArray(float[][]::new);
    }

    /**
     * One network over its weights: forward and backward passes over float arrays. One thread.
     *
     * <p>Tensors are in the order of {@link NetworkShape#layers}: even numbers are matrices, odd numbers are biases.
     */
    abstract class Kernel {

        /** Numbers that are worth a second thread. */
        static final int NUMBERS = 1 << 14;

        final int inputWidth;
        final int outputWidth;
        final float[][] weights;
        final float[][] gradients;
        final Run run;
        final Team team;

        Kernel(NetworkShape shape, float[][] weights, float[][] gradients, Run run) {
            this.inputWidth = shape.inputs();
            this.outputWidth = shape.outputs();
            this.weights = weights;
            this.gradients = gradients;
            this.run = run;
            this.team = run.team();
        }

        /** The weights themselves, one array for each tensor. Writing to them changes the network. */
        public float[][] weights() {
            return weights;
        }

        /** The gradients of the last {@link #backward}, shaped as the weights. */
        public float[][] gradients() {
            return gradients;
        }

        /**
         * Forward pass.
         *
         * @param inputs [n, in] row-major; read again by {@link #backward}
         * @param outputs [n, out] row-major, filled; another array than {@code inputs}
         * @param seed of the dropout
         */
        public abstract void forward(float[] inputs, int n, float[] outputs, long seed);

        /**
         * Backward pass of the last {@link #forward}, which must have had the same n.
         *
         * @param outputGradients [n, out] dL/doutputs
         * @param inputGradients [n, in] dL/dinputs, filled
         */
        public abstract void backward(float[] outputGradients, int n, float[] inputGradients);

        /**
         * {@code out = in W + b} of a layer, or {@code max(in W + b, 0)}. The team shares all of it.
         *
         * @param in [n, in]
         * @param out [n, out] filled
         * @param relu whether ReLU follows
         */
        final void dense(int layer, float[] in, int n, float[] out, boolean relu) {
            float[] weight = weights[2 * layer];
            float[] bias = weights[2 * layer + 1];
            run.products.multiply(in, weight, out, n, weight.length / bias.length, bias.length, 1f);
            team.share(n, NUMBERS / bias.length + 1, (from, to, member) -> {
                if (relu) {
                    Loops.now().addBiasRectified(out, from, to, bias);
                } else {
                    Loops.now().addBias(out, from, to, bias);
                }
            });
        }

        /**
         * Backward pass of {@link #dense}, from the gradients before the activation; sets the gradients of the layer's tensors.
         *
         * @param in [n, in] input of the forward pass
         * @param delta [n, out] dL/d(in W + b)
         * @param inGradients [n, in] dL/din, filled
         */
        final void denseBackward(int layer, float[] in, float[] delta, int n, float[] inGradients) {
            float[] weight = weights[2 * layer];
            float[] biasGradients = gradients[2 * layer + 1];
            int width = biasGradients.length;
            int inWidth = weight.length / width;
            run.products.multiplyTransposedLeft(in, delta, gradients[2 * layer], inWidth, n, width, 1f);
            Arrays.fill(biasGradients, 0f);
            for (int row = 0; row < n; row++) {
                Loops.now().add(biasGradients, 0, delta, row * width, width);
            }
            run.products.multiplyTransposedRight(delta, weight, inGradients, n, width, inWidth, 1f);
        }
    }
}
