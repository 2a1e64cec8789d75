package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.feature.Pooling;
import dev.millrace.model.network.ChannelScales;
import dev.millrace.model.network.Scratch;
import dev.millrace.model.network.TowerNetwork;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.KeyIndex;
import dev.millrace.model.table.RowGradients;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/**
 * One tower: gathers its features into rows, runs its network, normalises each channel; and back. One thread.
 *
 * <p>Layout of an input row: the features side by side, in the order of their declaration. Of an output row: the channels side by
 * side, each of unit length before its factor.
 */
public final class Tower {

    /** A vector shorter than this has no direction: it is published as zeros and passes no gradient. */
    static final float MIN_NORM = 1e-6f;

    private final List<FeatureSpec> features;
    private final int[] offsets;
    private final EmbeddingTable[] tables;
    private final RowGradients[] gradients;
    private final Moments[] moments;
    private final boolean[] dirtyMoments;
    private final TowerNetwork kernel;
    private final int inputs;
    private final int dim;
    private final ChannelScales scales;
    private final int channels;
    /** All channels side by side. */
    private final int width;

    /** Rows resolved last, a feature: [n + 1] where each subject's begin, and the row numbers. */
    private final int[][] starts;

    private final int[][] rows;
    /** Keys of the feature that is being resolved, all subjects' side by side. */
    private String[] keys = new String[16];

    private long[] fingerprints = new long[16];
    /** Keys without a row, by their code in {@link #rows}: code −1 − at. */
    private String[] rowless = new String[16];

    private int rowlessCount;

    /** Shares of the rows in what they are pooled to, a feature; of histories that are not pooled to their mean. */
    private final float[][] shares;
    /** [values, dim] the rows of one history, and their gradients. */
    private float[] packed = new float[0];

    private float[] packedGradients = new float[0];
    private float[] packedShares = new float[0];

    private float[] input = new float[0];
    private float[] inputGradients = new float[0];
    /** [n, width] before normalisation; in backward, its gradient. */
    private float[] raw = new float[0];

    private float[] vectors = new float[0];
    /** [n, channels] lengths before normalisation. */
    private float[] norms = new float[0];
    /** [n, channels] factors on the unit vectors. */
    private float[] factors = new float[0];

    Tower(
            List<FeatureSpec> features,
            ModelSettings settings,
            Map<String, EmbeddingTable> tables,
            Map<String, RowGradients> gradients,
            TowerNetwork kernel,
            ChannelScales scales) {
        this.features = features;
        int count = features.size();
        this.offsets = new int[count];
        this.tables = new EmbeddingTable[count];
        this.gradients = new RowGradients[count];
        this.moments = new Moments[count];
        this.dirtyMoments = new boolean[count];
        this.starts = new int[count][1];
        this.rows = new int[count][16];
        this.dim = settings.dim();
        this.kernel = kernel;
        this.scales = scales;
        this.channels = scales.count();
        this.width = channels * dim;
        this.shares = new float[count][0];
        int offset = 0;
        for (int f = 0; f < count; f++) {
            FeatureSpec feature = features.get(f);
            offsets[f] = offset;
            offset += feature.dim();
            moments[f] = Moments.NONE;
            dirtyMoments[f] = true;
            if (feature.hasRows()) {
                this.tables[f] = known(tables, feature);
                this.gradients[f] = known(gradients, feature);
            }
        }
        this.inputs = offset;
    }

    /** Whether a feature's keys are items of the catalogue. */
    static boolean namesItems(FeatureSpec feature) {
        return feature.source() == Source.HISTORY || (feature.source() == Source.ITEM && feature.kind() == Kind.ID);
    }

    /** Whether a feature's keys are users. */
    static boolean namesUsers(FeatureSpec feature) {
        return feature.source() == Source.USER && feature.kind() == Kind.ID;
    }

    public TowerNetwork kernel() {
        return kernel;
    }

    List<FeatureSpec> features() {
        return features;
    }

    /** Statistics of the feature at that place in the declaration. */
    Moments moments(int feature) {
        return moments[feature];
    }

    void restoreMoments(int feature, Moments restored) {
        moments[feature] = restored;
        dirtyMoments[feature] = false;
    }

    /** Whether its statistics changed since last asked. */
    boolean drainMoments(int feature) {
        boolean wasDirty = dirtyMoments[feature];
        dirtyMoments[feature] = false;
        return wasDirty;
    }

    /** Lets the next drain hand over all statistics. */
    void touchMoments() {
        Arrays.fill(dirtyMoments, true);
    }

    /**
     * How long the vectors of the last forward were before they were normalised, in the mean over their channels.
     *
     * @param out [n] filled
     */
    void lengths(int n, float[] out) {
        int channels = width / dim;
        for (int i = 0; i < n; i++) {
            float sum = 0;
            for (int channel = 0; channel < channels; channel++) {
                sum += norms[i * channels + channel];
            }
            out[i] = sum / channels;
        }
    }

    /** What its network reads, feature by feature. */
    List<InputField> inputFields() {
        List<InputField> fields = new ArrayList<>();
        for (int f = 0; f < offsets.length; f++) {
            fields.add(new InputField(features.get(f), offsets[f], moments[f].mean(), moments[f].deviation()));
        }
        return fields;
    }

    /** Factors of the channels by the weights of the settings, [channels]. */
    float[] factorsAsSet() {
        return scales.asSet().clone();
    }

    /**
     * Exports all that is between an input row and a vector.
     *
     * @param areFactorsGiven whether the channels' factors, where there are several channels, are given with the rows
     */
    void export(TowerExport to, boolean areFactorsGiven) {
        String raw = kernel.shape().export(to, kernel.weights(), 0, to.input(inputs));
        Optional<String> given = areFactorsGiven && channels > 1 ? Optional.of(to.factors(channels)) : Optional.empty();
        List<String> blocks = new ArrayList<>();
        for (int c = 0; c < channels; c++) {
            String unit = to.unit(to.columns(raw, c * dim, (c + 1) * dim), MIN_NORM);
            int channel = c;
            blocks.add(given.map(factors -> to.product(unit, to.columns(factors, channel, channel + 1)))
                    .orElseGet(() -> to.scaled(unit, scales.asSet()[channel])));
        }
        to.output(to.sideBySide(blocks), width);
    }

    /** [n, inputs] what the network read in the last forward of so many. */
    float[] inputRows(int n) {
        return Arrays.copyOf(input, n * inputs);
    }

    /** A copy of all statistics, to go back to. */
    Moments[] momentsCopy() {
        return moments.clone();
    }

    void resetMoments(Moments[] copy) {
        System.arraycopy(copy, 0, moments, 0, copy.length);
    }

    /** Counts a subject's numbers in. */
    void observe(Subject subject) {
        for (int f = 0; f < moments.length; f++) {
            if (features.get(f).kind() == Kind.NUMERIC) {
                OptionalDouble number = subject.number(features.get(f));
                if (number.isPresent()) {
                    moments[f] = moments[f].plus(number.getAsDouble());
                    dirtyMoments[f] = true;
                }
            }
        }
    }

    /** Finds the rows of the subjects without making any. */
    void resolve(List<Subject> subjects) {
        forgetRowless();
        resolve(subjects, (feature, key) -> tables[feature].row(key));
    }

    /**
     * Finds the rows of the subjects, making those that miss and were seen often enough; but an item that is not listed gets none.
     *
     * @param admitted takes what was made
     */
    void resolveAdmitting(List<Subject> subjects, Predicate<String> isListed, Admissions admitted) {
        forgetRowless();
        resolve(subjects, (feature, key) -> {
            EmbeddingTable table = tables[feature];
            int row = table.row(key);
            if (row == EmbeddingTable.NONE && (!namesItems(features.get(feature)) || isListed.test(key))) {
                row = table.sight(key);
                if (row != EmbeddingTable.NONE) {
                    admitted.add(table, key);
                }
            }
            return row;
        });
    }

    /** Takes what {@link #resolveAdmitting} made. */
    interface Admissions {
        void add(EmbeddingTable table, String key);
    }

    /**
     * Gathers, runs, normalises what was resolved.
     *
     * @return [n, width] channels of unit length times their factor, valid until the next call
     */
    float[] forward(List<Subject> subjects) {
        return forward(subjects, kernel::forward);
    }

    /**
     * As {@link #forward}, as a learning step does it.
     *
     * @param seed of what it leaves to chance
     */
    float[] forwardToLearn(List<Subject> subjects, long seed) {
        return forward(subjects, (in, n, out) -> kernel.forwardToLearn(in, n, out, seed));
    }

    /** As {@link #forward}, each subject by itself, so that its bits depend on no other; slower, and not to go back from. */
    float[] forwardEach(List<Subject> subjects) {
        return forward(subjects, kernel::forwardEach);
    }

    private float[] forward(List<Subject> subjects, Network network) {
        int n = subjects.size();
        input = Scratch.atLeast(input, n * inputs);
        raw = Scratch.atLeast(raw, n * width);
        vectors = Scratch.atLeast(vectors, n * width);
        norms = Scratch.atLeast(norms, n * channels);
        factors = Scratch.atLeast(factors, n * channels);
        for (int i = 0; i < n; i++) {
            System.arraycopy(scales.of(subjects.get(i).action()), 0, factors, i * channels, channels);
        }
        gather(subjects);
        network.forward(input, n, raw);
        normalise(n);
        return vectors;
    }

    /**
     * The vectors of the last {@link #forward} by other weights of the channels; not to go back from.
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
     * Backward through the last {@link #forward}: leaves the network's gradients in the kernel and adds the rows' to theirs.
     *
     * @param vectorGradients [n, width] dL/dvectors
     */
    void backward(float[] vectorGradients, int n) {
        inputGradients = Scratch.atLeast(inputGradients, n * inputs);
        float[] rawGradients = raw;
        for (int block = 0; block < n * channels; block++) {
            int at = block * dim;
            float scale = factors[block];
            float norm = norms[block];
            if (norm < MIN_NORM || scale == 0f) {
                Arrays.fill(rawGradients, at, at + dim, 0f);
                continue;
            }
            // v = s r/‖r‖, so dL/dr = (g − v <v, g> / s²) s / ‖r‖
            float along = dot(vectors, at, vectorGradients, at, dim) / (scale * scale);
            float inverse = scale / norm;
            for (int d = 0; d < dim; d++) {
                rawGradients[at + d] = (vectorGradients[at + d] - vectors[at + d] * along) * inverse;
            }
        }
        kernel.backward(rawGradients, n, inputGradients);
        for (int f = 0; f < offsets.length; f++) {
            if (features.get(f).hasRows()) {
                scatter(f, n);
            }
        }
    }

    /** Euclidean length of one vector, in one fixed order of summation. */
    static float norm(float[] vector, int at, int dim) {
        return (float) Math.sqrt(dot(vector, at, vector, at, dim));
    }

    private static float dot(float[] left, int leftAt, float[] right, int rightAt, int dim) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int d = 0;
        for (; d + 4 <= dim; d += 4) {
            s0 += left[leftAt + d] * right[rightAt + d];
            s1 += left[leftAt + d + 1] * right[rightAt + d + 1];
            s2 += left[leftAt + d + 2] * right[rightAt + d + 2];
            s3 += left[leftAt + d + 3] * right[rightAt + d + 3];
        }
        for (; d < dim; d++) {
            s0 += left[leftAt + d] * right[rightAt + d];
        }
        return (s0 + s1) + (s2 + s3);
    }

    private void scatter(int f, int n) {
        RowGradients into = gradients[f];
        int[] start = starts[f];
        int[] row = rows[f];
        if (features.get(f).pooling().kind() != Pooling.Kind.MEAN) {
            scatterByShares(f, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            int known = start[i + 1] - start[i];
            float share = known == 0 ? 0f : 1f / known;
            for (int at = start[i]; at < start[i + 1]; at++) {
                if (row[at] >= 0) {
                    into.add(row[at], inputGradients, i * inputs + offsets[f], share);
                }
            }
        }
    }

    private void scatterByShares(int f, int n) {
        RowGradients into = gradients[f];
        int[] row = rows[f];
        int rowWidth = tables[f].dim();
        boolean isAttention = features.get(f).pooling().kind() == Pooling.Kind.ATTENTION;
        for (int i = 0; i < n; i++) {
            int start = starts[f][i];
            int count = starts[f][i + 1] - start;
            int at = i * inputs + offsets[f];
            if (isAttention) {
                pack(f, i);
                System.arraycopy(shares[f], start, packedShares, 0, count);
                HistoryShares.attentionBack(packed, count, rowWidth, packedShares, inputGradients, at, packedGradients);
            }
            for (int j = 0; j < count; j++) {
                if (isAttention) {
                    into.add(row[start + j], packedGradients, j * rowWidth, 1f);
                } else {
                    into.add(row[start + j], inputGradients, at, shares[f][start + j]);
                }
            }
        }
    }

    /** Copies the rows of a subject's history side by side. */
    private void pack(int f, int i) {
        int rowWidth = tables[f].dim();
        int start = starts[f][i];
        int count = starts[f][i + 1] - start;
        packed = Scratch.atLeast(packed, count * rowWidth);
        packedGradients = Scratch.atLeast(packedGradients, count * rowWidth);
        packedShares = Scratch.atLeast(packedShares, count);
        for (int j = 0; j < count; j++) {
            System.arraycopy(tables[f].values(), rows[f][start + j] * rowWidth, packed, j * rowWidth, rowWidth);
        }
    }

    /** Pools by the shares of {@link HistoryShares}; a history closes up over items without a row, so that each place has one. */
    private void poolByShares(int f, int n) {
        Pooling pooling = features.get(f).pooling();
        int rowWidth = tables[f].dim();
        shares[f] = Scratch.atLeast(shares[f], starts[f][n]);
        for (int i = 0; i < n; i++) {
            int start = starts[f][i];
            int count = starts[f][i + 1] - start;
            int to = i * inputs + offsets[f];
            pack(f, i);
            if (pooling.kind() == Pooling.Kind.ATTENTION) {
                HistoryShares.byAttention(packed, count, rowWidth, packedShares);
            } else {
                HistoryShares.byRecency(pooling.decay(), count, packedShares);
            }
            System.arraycopy(packedShares, 0, shares[f], start, count);
            for (int j = 0; j < count; j++) {
                for (int d = 0; d < rowWidth; d++) {
                    input[to + d] += packedShares[j] * packed[j * rowWidth + d];
                }
            }
        }
    }

    private void gather(List<Subject> subjects) {
        int n = subjects.size();
        Arrays.fill(input, 0, n * inputs, 0f);
        for (int f = 0; f < offsets.length; f++) {
            FeatureSpec feature = features.get(f);
            switch (feature.kind()) {
                case ID, CATEGORICAL, BAG, TEXT, AGE -> pool(f, n);
                case NUMERIC -> {
                    for (int i = 0; i < n; i++) {
                        OptionalDouble number = subjects.get(i).number(feature);
                        if (number.isPresent()) {
                            input[i * inputs + offsets[f]] = moments[f].normalise(number.getAsDouble());
                        }
                    }
                }
                case VECTOR -> {
                    for (int i = 0; i < n; i++) {
                        subjects.get(i).copyVector(feature, input, i * inputs + offsets[f]);
                    }
                }
            }
        }
    }

    private void pool(int f, int n) {
        if (features.get(f).pooling().kind() != Pooling.Kind.MEAN) {
            poolByShares(f, n);
            return;
        }
        EmbeddingTable table = tables[f];
        int rowWidth = table.dim();
        float[] values = table.values();
        int[] start = starts[f];
        int[] row = rows[f];
        for (int i = 0; i < n; i++) {
            int to = i * inputs + offsets[f];
            int count = start[i + 1] - start[i];
            for (int at = start[i]; at < start[i + 1]; at++) {
                if (row[at] >= 0) {
                    addTo(input, to, values, row[at] * rowWidth, rowWidth);
                } else {
                    addTo(input, to, table.initial(rowless[-1 - row[at]]), 0, rowWidth);
                }
            }
            if (count > 1) {
                float share = 1f / count;
                for (int d = 0; d < rowWidth; d++) {
                    input[to + d] *= share;
                }
            }
        }
    }

    private static void addTo(float[] into, int to, float[] from, int at, int width) {
        for (int d = 0; d < width; d++) {
            into[to + d] += from[at + d];
        }
    }

    private void normalise(int n) {
        for (int block = 0; block < n * channels; block++) {
            int at = block * dim;
            float norm = norm(raw, at, dim);
            norms[block] = norm;
            // a length beyond the floats is no direction either: it must not pass for the zeros of a new subject
            float inverse = norm < MIN_NORM ? 0f : Float.isFinite(norm) ? factors[block] / norm : Float.NaN;
            for (int d = 0; d < dim; d++) {
                vectors[at + d] = raw[at + d] * inverse;
            }
        }
    }

    /** @param finder asked for the keys that have no row */
    private void resolve(List<Subject> subjects, RowFinder finder) {
        for (int f = 0; f < offsets.length; f++) {
            if (features.get(f).hasRows()) {
                int count = readKeys(f, subjects);
                if (rows[f].length < count) {
                    rows[f] = new int[2 * count];
                }
                tables[f].rows(keys, fingerprints, count, rows[f]);
                completeRows(f, subjects.size(), finder);
            }
        }
    }

    /** Fills {@link #keys} and where each subject's begin; answers how many there are. */
    private int readKeys(int f, List<Subject> subjects) {
        FeatureSpec feature = features.get(f);
        int n = subjects.size();
        if (starts[f].length <= n) {
            starts[f] = new int[n + 1];
        }
        int end = 0;
        for (int i = 0; i < n; i++) {
            starts[f][i] = end;
            List<String> own = subjects.get(i).keys(feature);
            int count = own.size();
            if (end + count > keys.length) {
                keys = Arrays.copyOf(keys, 2 * (end + count));
                fingerprints = Arrays.copyOf(fingerprints, keys.length);
            }
            for (int k = 0; k < count; k++) {
                String key = own.get(k);
                keys[end] = key;
                fingerprints[end++] = KeyIndex.fingerprint(key);
            }
        }
        starts[f][n] = end;
        return end;
    }

    /** Asks for the rows that were not found; a bag closes up over those that stay without. */
    private void completeRows(int f, int n, RowFinder finder) {
        int[] start = starts[f];
        int[] row = rows[f];
        boolean isBag = features.get(f).isBag();
        int end = 0;
        for (int i = 0; i < n; i++) {
            int from = start[i];
            start[i] = end;
            for (int at = from; at < start[i + 1]; at++) {
                int found = row[at] == EmbeddingTable.NONE ? finder.row(f, keys[at]) : row[at];
                if (found != EmbeddingTable.NONE) {
                    row[end++] = found;
                } else if (!isBag) {
                    row[end++] = -1 - rowless(keys[at]);
                }
            }
        }
        start[n] = end;
    }

    /** One of the kernel's ways forward. */
    private interface Network {
        void forward(float[] inputs, int n, float[] outputs);
    }

    /** Finds the row of a feature's key. */
    private interface RowFinder {
        int row(int feature, String key);
    }

    /** Lets the keys of the last subjects go: who was removed since must be nowhere. */
    void forgetRowless() {
        Arrays.fill(rowless, 0, rowlessCount, "");
        rowlessCount = 0;
    }

    private int rowless(String key) {
        if (rowlessCount == rowless.length) {
            rowless = Arrays.copyOf(rowless, 2 * rowlessCount);
        }
        rowless[rowlessCount] = key;
        return rowlessCount++;
    }

    private static <T> T known(Map<String, T> byTable, FeatureSpec feature) {
        return Optional.ofNullable(byTable.get(feature.table()))
                .orElseThrow(() -> new IllegalArgumentException("feature " + feature.name() + " names no table"));
    }
}
