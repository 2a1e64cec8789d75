package dev.millrace.model.network;

import dev.millrace.model.engine.Loops;
import dev.millrace.state.CounterRandom;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;

/**
 * The whole network of one tower, forward and backward: a kernel for each part of its shape. One thread.
 */
public final class TowerNetwork extends NetworkShape.Kernel {

    static final long SENET = -1; // random streams; those of the channels count from 0
    static final long BOTTOM = -2;

    private final TowerShape shape;
    private final Optional<SenetShape.SenetKernel> senet;
    private final Optional<NetworkShape.Kernel> bottom;
    private final NetworkShape.Kernel[] channels;

    /** [n, fields] weighted fields, and their gradients. */
    private float[] fields = new float[0];

    private float[] fieldGradients = new float[0];
    /** [n, inputs] what graphs read where rows of histories are behind the fields, and its gradients. */
    private float[] wide = new float[0];

    private float[] wideGradients = new float[0];
    /** [n, fields] fields without those, and their gradients. */
    private float[] narrow = new float[0];

    private float[] narrowGradients = new float[0];
    /** [n, shared] output of the shared layers, and its gradients. */
    private float[] shared = new float[0];

    private float[] sharedGradients = new float[0];
    /** [n, dim] one channel's output or its gradients. */
    private float[] block = new float[0];

    private float[] scratch = new float[0];

    TowerNetwork(TowerShape shape, float[][] weights, float[][] gradients, NetworkShape.Run run) {
        super(shape, weights, gradients, run);
        this.shape = shape;
        Iterator<float[][]> ownWeights = shape.split(weights);
        Iterator<float[][]> ownGradients = shape.split(gradients);
        this.senet = shape.senet().map(part -> part.kernel(ownWeights.next(), ownGradients.next(), run));
        this.bottom = shape.bottom().map(part -> part.kernel(ownWeights.next(), ownGradients.next(), run));
        this.channels = shape.channels().stream()
                .map(part -> part.kernel(ownWeights.next(), ownGradients.next(), run))
                .toArray(NetworkShape.Kernel[]::new);
    }

    public TowerShape shape() {
        return shape;
    }

    /** [fields] Returns the mean weight of each field over the n rows of the last forward pass; empty if fields have no weights. */
    public Optional<double[]> meanFieldWeights(int n) {
        return senet.map(kernel -> kernel.meanFactors(n));
    }

    @Override
    public void forward(float[] inputs, int n, float[] outputs, long seed) {
        int width = shape.fields();
        float[] in = inputs;
        if (!shape.sequences().isEmpty()) {
            narrow = Scratch.atLeast(narrow, n * width);
            TowerShape.copyColumns(inputs, 0, shape.inputs(), narrow, 0, width, n, width);
            in = narrow;
        }
        if (senet.isPresent()) {
            fields = Scratch.atLeast(fields, n * width);
            senet.get().forward(in, n, fields, CounterRandom.bits(seed, SENET, 0));
            in = fields;
        }
        float[] all = inputs;
        if (!shape.sequences().isEmpty() && senet.isPresent()) {
            wide = Scratch.atLeast(wide, n * shape.inputs());
            System.arraycopy(inputs, 0, wide, 0, n * shape.inputs());
            TowerShape.copyColumns(in, 0, width, wide, 0, shape.inputs(), n, width);
            all = wide;
        }
        if (bottom.isPresent()) {
            shared = Scratch.atLeast(shared, n * bottom.get().outputWidth);
            bottom.get().forward(in, n, shared, CounterRandom.bits(seed, BOTTOM, 0));
        }
        for (int c = 0; c < channels.length; c++) {
            block = Scratch.atLeast(block, n * shape.dim());
            float[] out = channels.length == 1 ? outputs : block;
            float[] own = shape.isOnSequences(c) ? all : shape.isOnBottom(c) ? shared : in;
            channels[c].forward(own, n, out, CounterRandom.bits(seed, c, 0));
            for (int skip : shape.skips()) {
                TowerShape.addColumns(in, skip, width, out, 0, shape.dim(), n, shape.dim());
            }
            if (out != outputs) {
                TowerShape.copyColumns(out, 0, shape.dim(), outputs, c * shape.dim(), shape.outputs(), n, shape.dim());
            }
        }
    }

    @Override
    public void backward(float[] outputGradients, int n, float[] inputGradients) {
        int dim = shape.dim();
        int width = shape.fields();
        boolean hasSequences = !shape.sequences().isEmpty();
        float[] plain = inputGradients; // of the fields as they came
        if (hasSequences) {
            narrowGradients = Scratch.atLeast(narrowGradients, n * width);
            wideGradients = Scratch.atLeast(wideGradients, n * shape.inputs());
            Arrays.fill(wideGradients, 0, n * shape.inputs(), 0f);
            plain = narrowGradients;
        }
        if (senet.isPresent()) {
            fieldGradients = Scratch.atLeast(fieldGradients, n * width);
        }
        float[] in = senet.isPresent() ? fieldGradients : plain;
        if (bottom.isPresent()) {
            sharedGradients = Scratch.atLeast(sharedGradients, n * bottom.get().outputWidth);
            Arrays.fill(sharedGradients, 0, n * bottom.get().outputWidth, 0f);
        }
        boolean isOne = channels.length == 1 && bottom.isEmpty() && !hasSequences;
        if (!isOne) {
            Arrays.fill(in, 0, n * width, 0f);
        }
        for (int c = 0; c < channels.length; c++) {
            float[] out = outputGradients;
            if (channels.length > 1) {
                block = Scratch.atLeast(block, n * dim);
                TowerShape.copyColumns(outputGradients, c * dim, shape.outputs(), block, 0, dim, n, dim);
                out = block;
            }
            if (isOne) {
                channels[c].backward(out, n, in);
            } else {
                float[] own = shape.isOnSequences(c) ? wideGradients : shape.isOnBottom(c) ? sharedGradients : in;
                backwardInto(channels[c], out, n, own);
            }
            for (int skip : shape.skips()) {
                TowerShape.addColumns(out, 0, dim, in, skip, width, n, dim);
            }
        }
        if (bottom.isPresent()) {
            backwardInto(bottom.get(), sharedGradients, n, in);
        }
        if (hasSequences) {
            TowerShape.addColumns(wideGradients, 0, shape.inputs(), in, 0, width, n, width);
        }
        if (senet.isPresent()) {
            senet.get().backward(fieldGradients, n, plain);
        }
        if (hasSequences) {
            System.arraycopy(wideGradients, 0, inputGradients, 0, n * shape.inputs());
            TowerShape.copyColumns(plain, 0, width, inputGradients, 0, shape.inputs(), n, width);
        }
    }

    /** Runs a part's backward pass, and adds its input gradients to {@code sum}. */
    private void backwardInto(NetworkShape.Kernel part, float[] outputGradients, int n, float[] sum) {
        int length = n * part.inputWidth;
        scratch = Scratch.atLeast(scratch, length);
        part.backward(outputGradients, n, scratch);
        Loops.now().add(sum, 0, scratch, 0, length);
    }
}
