package dev.millrace.model;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.engine.Team;
import dev.millrace.model.network.ChannelScales;
import dev.millrace.model.network.DenseOptimiser;
import dev.millrace.model.network.NetworkShape;
import dev.millrace.model.network.Scratch;
import dev.millrace.model.network.TowerNetwork;
import dev.millrace.model.network.TowerSettings;
import dev.millrace.model.network.TowerShape;
import dev.millrace.model.pool.PositionWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One tower: runs its network on the input rows of its features, and normalises each channel, forward and backward. One
 * thread.
 *
 * <p>Layout of an output row: the channels side by side, each of unit length before its factor.
 */
final class Tower {

    /** A vector shorter than this has no direction: it is published as zeros and passes no gradient. */
    static final float MIN_NORM = 1e-6f;

    /**
     * The backward pass takes no vector as shorter than this. A gradient is divided by the length, so a subject whose vector nearly
     * vanishes could make the step's gradient as long as it likes. New rows of the default scale are 0.1 long.
     */
    private static final float MIN_GRADIENT_NORM = 0.05f;

    private static final int BLOCKS = 128; // worth a second thread

    private final Side side;
    private final FeatureInputs inputs;
    private final TowerNetwork kernel;
    private final NetworkShape.Kernel reader;
    private final Team team;
    /** Of the tensors of the network, then the position weights of histories. */
    private final DenseOptimiser optimiser;

    private final ChannelScales scales;
    private final int dim;
    private final int channels;
    /** All channels side by side. */
    private final int width;

    private float[] input = new float[0];
    private float[] inputGradients = new float[0];
    /** [n, width] before normalisation; in backward, its gradient. */
    private float[] raw = new float[0];

    private float[] vectors = new float[0];
    /** [n, channels] lengths before normalisation. */
    private float[] norms = new float[0];
    /** [n, channels] factors on the unit vectors. */
    private float[] factors = new float[0];

    /** @param catalogue for the features of the items of histories */
    Tower(Side side, ModelSettings settings, EmbeddingTables tables, Catalogue catalogue, StepEngine engine) {
        TowerSettings towers = settings.towers();
        long seed = side.of(settings.seed(), settings.seed() + 1);
        this.side = side;
        TowerShape shape = settings.shape(side);
        this.inputs = new FeatureInputs(settings.features(side), shape.sequences(), tables, catalogue, engine.team());
        float[][] weights = shape.initialWeights(engine.kind(), seed, towers.skip() ? towers.outputScale() : 1);
        this.kernel =
                shape.kernel(weights, shape.zeros(), new NetworkShape.Run(engine.products(), engine.team(), true));
        this.reader = shape.reader(weights, Engine.ofRows(engine.team()), engine.team());
        this.team = engine.team();
        this.optimiser = new DenseOptimiser(
                settings.optimiser().dense().rule(),
                concat(kernel.weights(), inputs.positions().stream().map(PositionWeights::logits)),
                concat(kernel.gradients(), inputs.positions().stream().map(PositionWeights::gradients)),
                engine.team());
        this.scales = side.of(ChannelScales.ofUsers(towers), ChannelScales.ofItems(towers));
        this.dim = settings.dim();
        this.channels = scales.count();
        this.width = channels * dim;
    }

    private static float[][] concat(float[][] network, Stream<float[]> positions) {
        return Stream.concat(Arrays.stream(network), positions).toArray(float[][]::new);
    }

    Side side() {
        return side;
    }

    FeatureInputs inputs() {
        return inputs;
    }

    TowerNetwork kernel() {
        return kernel;
    }

    /** The dense weights themselves: the tensors of the network, then θ of each history that is pooled by learned weights. */
    float[][] weights() {
        return optimiser.tensors().weights();
    }

    DenseOptimiser optimiser() {
        return optimiser;
    }

    /** Number of multiply-adds of the dense layers for one row, and one for each number of the row. */
    long multiplyAdds() {
        return inputs.width() + kernel.shape().multiplyAdds();
    }

    /**
     * Computes the length of each vector of the last forward pass before it was normalised.
     *
     * @param out [n] mean length over the channels, filled
     */
    void lengths(int n, float[] out) {
        for (int i = 0; i < n; i++) {
            float sum = 0;
            for (int channel = 0; channel < channels; channel++) {
                sum += norms[i * channels + channel];
            }
            out[i] = sum / channels;
        }
    }

    /** [channels] Returns the factors of the channels by the weights of the settings. */
    float[] factorsAsSet() {
        return scales.asSet().clone();
    }

    /**
     * Exports the tower, from the fields of an input row to a vector. A user tower of several channels takes the channels' factors as a
     * second input.
     */
    void export(TowerExport to) {
        String raw = kernel.shape()
                .export(to, kernel.weights(), to.input(kernel.shape().fields()));
        Optional<String> given =
                side == Side.USER && channels > 1 ? Optional.of(to.factors(channels)) : Optional.empty();
        List<String> blocks = new ArrayList<>();
        for (int c = 0; c < channels; c++) {
            String unit = to.unit(to.columns(raw, c * dim, (c + 1) * dim), MIN_NORM);
            int channel = c;
            blocks.add(given.map(factors -> to.product(unit, to.columns(factors, channel, channel + 1)))
                    .orElseGet(() -> to.scaled(unit, scales.asSet()[channel])));
        }
        to.output(to.sideBySide(blocks), width);
    }

    /** [n, inputs] Returns a copy of the network's input in the last forward pass. */
    float[] inputRows(int n) {
        return Arrays.copyOf(input, n * inputs.width());
    }

    /**
     * Gathers the input rows of the resolved subjects, runs the network, and normalises the channels. The bits of a vector depend on no other
     * subject. {@link #backward} must not follow.
     *
     * @return [n, width] channels of unit length times their factor, valid until the next call
     */
    float[] forward(List<Subject> subjects) {
        return forward(subjects, reader, 0);
    }

    /**
     * As {@link #forward}, in a learning step.
     *
     * @param seed of the dropout
     */
    float[] forwardToLearn(List<Subject> subjects, long seed) {
        return forward(subjects, kernel, seed);
    }

    private float[] forward(List<Subject> subjects, NetworkShape.Kernel network, long seed) {
        int n = subjects.size();
        input = Scratch.atLeast(input, n * inputs.width());
        raw = Scratch.atLeast(raw, n * width);
        vectors = Scratch.atLeast(vectors, n * width);
        norms = Scratch.atLeast(norms, n * channels);
        factors = Scratch.atLeast(factors, n * channels);
        for (int i = 0; i < n; i++) {
            System.arraycopy(scales.of(subjects.get(i).action()), 0, factors, i * channels, channels);
        }
        inputs.gather(subjects, input);
        network.forward(input, n, raw, seed);
        normalise(n);
        return vectors;
    }

    /**
     * Returns the vectors of the last {@link #forward} with other weights of the channels. {@link #backward} must not
     * follow.
     *
     * @param weights by channel, see {@link ChannelScales#of(Map)}
     * @return [n, width] valid until the next call
     */
    float[] reweighted(int n, Map<String, Double> weights) {
        float[] others = scales.of(weights);
        for (int i = 0; i < n; i++) {
            System.arraycopy(others, 0, factors, i * channels, channels);
        }
        normalise(n);
        return vectors;
    }

    /**
     * Backward pass of the last {@link #forwardToLearn}. It leaves the network's gradients in the kernel, and adds the rows'
     * gradients to those of their tables.
     *
     * @param vectorGradients [n, width] dL/dvectors
     */
    void backward(float[] vectorGradients, int n) {
        inputGradients = Scratch.atLeast(inputGradients, n * inputs.width());
        team.share(n * channels, BLOCKS, (from, to, member) -> throughNorm(vectorGradients, from, to));
        kernel.backward(raw, n, inputGradients);
        inputs.scatter(inputGradients, n);
    }

    /** Replaces the raw vectors by their gradients. */
    private void throughNorm(float[] vectorGradients, int from, int to) {
        Loops loops = Loops.now();
        float[] rawGradients = raw;
        for (int block = from; block < to; block++) {
            int at = block * dim;
            float scale = factors[block];
            float norm = norms[block];
            if (norm < MIN_NORM || scale == 0f) {
                Arrays.fill(rawGradients, at, at + dim, 0f);
                continue;
            }
            // v = s r/‖r‖, so dL/dr = (g − v <v, g> / s²) s / ‖r‖
            float along = loops.dot(vectors, at, vectorGradients, at, dim) / (scale * scale);
            float inverse = scale / Math.max(norm, MIN_GRADIENT_NORM);
            for (int d = 0; d < dim; d++) {
                rawGradients[at + d] = (vectorGradients[at + d] - vectors[at + d] * along) * inverse;
            }
        }
    }

    /** Adds the gradient of the L2 penalty on the network's matrices. Follows {@link #backward}. */
    void addPenalty(float l2) {
        float[][] weights = kernel.weights();
        float[][] gradients = optimiser.tensors().gradients();
        for (int matrix = 0; matrix < weights.length; matrix += 2) {
            Loops.now().addScaled(gradients[matrix], 0, weights[matrix], 0, weights[matrix].length, l2);
        }
    }

    /** Squared L2 norm of the gradients of the dense weights. */
    double squaredGradientNorm() {
        double sum = 0;
        for (float[] tensor : optimiser.tensors().gradients()) {
            sum += squaredNorm(tensor);
        }
        return sum;
    }

    /** Returns the sum of squares, added up in a fixed order. */
    private static double squaredNorm(float[] tensor) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int at = 0;
        for (; at + 4 <= tensor.length; at += 4) {
            s0 += (double) tensor[at] * tensor[at];
            s1 += (double) tensor[at + 1] * tensor[at + 1];
            s2 += (double) tensor[at + 2] * tensor[at + 2];
            s3 += (double) tensor[at + 3] * tensor[at + 3];
        }
        for (; at < tensor.length; at++) {
            s0 += (double) tensor[at] * tensor[at];
        }
        return (s0 + s1) + (s2 + s3);
    }

    /**
     * Puts the mean weight of each field in the last forward pass of n rows, if fields have weights, and the share of each place in a whole
     * history, if places have weights.
     */
    void putFieldWeights(int n, Map<String, Double> weights) {
        inputs.forEachPositioned((history, positions) -> {
            List<Double> relative = positions.relative();
            double sum = relative.stream().mapToDouble(weight -> weight).sum();
            for (int place = 0; place < relative.size(); place++) {
                weights.put(side.text() + "." + PositionWeights.name(history, place), relative.get(place) / sum);
            }
        });
        kernel.meanFieldWeights(n).ifPresent(means -> {
            for (int f = 0; f < means.length; f++) {
                weights.put(side.text() + "." + inputs.features().get(f).name(), means[f]);
            }
        });
    }

    /** Returns the Euclidean length of one vector, added up in a fixed order. */
    static float norm(float[] vector, int at, int dim) {
        return (float) Math.sqrt(Loops.now().dot(vector, at, vector, at, dim));
    }

    private void normalise(int n) {
        team.share(n * channels, BLOCKS, (from, to, member) -> normalise(from, to));
    }

    private void normalise(int from, int to) {
        for (int block = from; block < to; block++) {
            int at = block * dim;
            float norm = norm(raw, at, dim);
            norms[block] = norm;
            // NaN if the length overflows: such a vector must not look like the zeros of a new subject
            float inverse = norm < MIN_NORM ? 0f : Float.isFinite(norm) ? factors[block] / norm : Float.NaN;
            for (int d = 0; d < dim; d++) {
                vectors[at + d] = raw[at + d] * inverse;
            }
        }
    }
}
