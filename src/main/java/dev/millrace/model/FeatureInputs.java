package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.Pooling;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Team;
import dev.millrace.model.network.Scratch;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.RowGradients;
import dev.millrace.state.KeyIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * The input rows of one tower: finds and pools the embedding rows that the features read, and passes gradients back to them.
 * One thread.
 */
final class FeatureInputs {

    // worth a second thread
    private static final int SUBJECTS = 16;
    private static final int VALUES = 256;

    /*
     * Layout. An input row holds the features side by side, in the order of their declaration. For the subjects of the last
     * resolve, `rows[f]` holds the row numbers that feature f reads, one subject after the other, and `starts[f]` holds where each
     * subject's row numbers begin. A key without a row has the code -1 - at, for its place in `rowless`. It reads its initial row,
     * and learns nothing.
     *
     * Order. resolve or resolveAdmitting, then gather, then, in a learning step, scatter. Each reads the results of the one before.
     */
    private final List<FeatureSpec> features;
    private final int[] offsets;
    private final EmbeddingTable[] tables;
    private final RowGradients[] gradients;
    private final Moments[] moments;
    private final boolean[] dirtyMoments;
    private final int width;

    private final int[][] starts;
    private final int[][] rows;

    /** Keys of the feature that is being resolved, one subject after the other. */
    private String[] keys = new String[16];

    private long[] fingerprints = new long[16];
    private int keyCount;
    private final Consumer<String> keyReader = this::addKey;
    private String[] rowless = new String[16];
    private int rowlessCount;

    /** [features][rows] Share of each row in its pooled sum; only for histories that are not pooled by their mean. */
    private final float[][] shares;
    /** [values] Slot of each row of the feature that is being scattered, and [values, dim] gradients of its rows. */
    private int[] slots = new int[0];

    private float[] rowGradients = new float[0];

    private final Team team;
    private final Pad[] pads;

    /** What one thread needs to pool histories. */
    private static final class Pad {
        /** [values, dim] the rows of one history, and their gradients. */
        private float[] packed = new float[0];

        private float[] packedGradients = new float[0];
        private float[] packedShares = new float[0];
    }

    FeatureInputs(List<FeatureSpec> features, EmbeddingTables tables, Team team) {
        this.team = team;
        this.pads = new Pad[team.size()];
        Arrays.setAll(pads, member -> new Pad());
        this.features = features;
        int count = features.size();
        this.offsets = new int[count];
        this.tables = new EmbeddingTable[count];
        this.gradients = new RowGradients[count];
        this.moments = new Moments[count];
        this.dirtyMoments = new boolean[count];
        this.starts = new int[count][1];
        this.rows = new int[count][16];
        this.shares = new float[count][0];
        int offset = 0;
        for (int f = 0; f < count; f++) {
            FeatureSpec feature = features.get(f);
            offsets[f] = offset;
            offset += feature.dim();
            moments[f] = Moments.NONE;
            dirtyMoments[f] = true;
            if (feature.hasRows()) {
                this.tables[f] = tables.table(feature);
                this.gradients[f] = tables.gradients(feature);
            }
        }
        this.width = offset;
    }

    /** Floats of an input row. */
    int width() {
        return width;
    }

    List<FeatureSpec> features() {
        return features;
    }

    /** Returns the place of each feature in the input row. */
    List<InputField> fields() {
        List<InputField> fields = new ArrayList<>();
        for (int f = 0; f < offsets.length; f++) {
            fields.add(new InputField(features.get(f), offsets[f], moments[f].mean(), moments[f].deviation()));
        }
        return fields;
    }

    /** Returns the statistics of a feature, by its place in the declaration. */
    Moments moments(int feature) {
        return moments[feature];
    }

    /** Returns which statistics are not finite, if any are not. */
    Optional<String> unusable() {
        return IntStream.range(0, moments.length)
                .filter(f -> !moments[f].isFinite())
                .mapToObj(f ->
                        "the statistics of user feature " + features().get(f).name() + " are not finite")
                .findFirst();
    }

    void restoreMoments(int feature, Moments restored) {
        moments[feature] = restored;
        dirtyMoments[feature] = false;
    }

    /** Returns true if the statistics changed since the last call. */
    boolean drainMoments(int feature) {
        boolean wasDirty = dirtyMoments[feature];
        dirtyMoments[feature] = false;
        return wasDirty;
    }

    /** Makes the next drain hand over all statistics. */
    void touchMoments() {
        Arrays.fill(dirtyMoments, true);
    }

    /** Returns a copy of all statistics, for {@link #resetMoments}. */
    Moments[] momentsCopy() {
        return moments.clone();
    }

    void resetMoments(Moments[] copy) {
        System.arraycopy(copy, 0, moments, 0, copy.length);
    }

    /** Adds a subject's numbers to the statistics. */
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

    /** Finds the rows of the subjects, and admits none. */
    void resolve(List<Subject> subjects) {
        forgetRowless();
        resolve(subjects, (feature, key) -> tables[feature].row(key));
    }

    /**
     * Finds the rows of the subjects. A key without a row gets one if it was seen often enough. An item that is not listed
     * gets none.
     *
     * @param admitted takes the keys that got a row
     */
    void resolveAdmitting(List<Subject> subjects, Predicate<String> isListed, Admissions admitted) {
        forgetRowless();
        resolve(subjects, (feature, key) -> {
            EmbeddingTable table = tables[feature];
            int row = table.row(key);
            if (row == EmbeddingTable.NONE
                    && (!EmbeddingTables.namesItems(features.get(feature)) || isListed.test(key))) {
                row = table.sight(key);
                if (row != EmbeddingTable.NONE) {
                    admitted.add(table, key);
                }
            }
            return row;
        });
    }

    /** Takes the keys that got a row in {@link #resolveAdmitting}. */
    interface Admissions {
        void add(EmbeddingTable table, String key);
    }

    /**
     * Fills the input rows of the resolved subjects.
     *
     * @param input [n, width] filled
     */
    void gather(List<Subject> subjects, float[] input) {
        for (int f = 0; f < offsets.length; f++) {
            if (features.get(f).hasRows() && features.get(f).pooling().kind() != Pooling.Kind.MEAN) {
                shares[f] = Scratch.atLeast(shares[f], starts[f][subjects.size()]);
            }
        }
        team.share(subjects.size(), SUBJECTS, (from, to, member) -> gather(subjects, input, from, to, pads[member]));
    }

    private void gather(List<Subject> subjects, float[] input, int from, int to, Pad pad) {
        Arrays.fill(input, from * width, to * width, 0f);
        for (int f = 0; f < offsets.length; f++) {
            FeatureSpec feature = features.get(f);
            switch (feature.kind()) {
                case ID, CATEGORICAL, BAG, TEXT, AGE -> pool(f, from, to, input, pad);
                case NUMERIC -> {
                    for (int i = from; i < to; i++) {
                        OptionalDouble number = subjects.get(i).number(feature);
                        if (number.isPresent()) {
                            input[i * width + offsets[f]] = moments[f].normalise(number.getAsDouble());
                        }
                    }
                }
                case VECTOR -> {
                    for (int i = from; i < to; i++) {
                        subjects.get(i).copyVector(feature, input, i * width + offsets[f]);
                    }
                }
            }
        }
    }

    private void pool(int f, int from, int end, float[] input, Pad pad) {
        if (features.get(f).pooling().kind() != Pooling.Kind.MEAN) {
            poolByShares(f, from, end, input, pad);
            return;
        }
        Loops loops = Loops.now();
        EmbeddingTable table = tables[f];
        int rowWidth = table.dim();
        float[] values = table.values();
        int[] start = starts[f];
        int[] row = rows[f];
        for (int i = from; i < end; i++) {
            int to = i * width + offsets[f];
            int count = start[i + 1] - start[i];
            for (int at = start[i]; at < start[i + 1]; at++) {
                if (row[at] >= 0) {
                    loops.add(input, to, values, row[at] * rowWidth, rowWidth);
                } else {
                    loops.add(input, to, table.initial(rowless[-1 - row[at]]), 0, rowWidth);
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

    /**
     * Adds the gradients of the embedding rows to those of their tables.
     *
     * @param inputGradients [n, width] dL/dinput
     */
    void scatter(float[] inputGradients, int n) {
        for (int f = 0; f < offsets.length; f++) {
            if (features.get(f).hasRows()) {
                scatter(f, inputGradients, n);
            }
        }
    }

    /**
     * Each row's sum belongs to one thread, which adds to it in the order of the subjects. Neighbouring rows have the same owner, as they share
     * lines of the processor's cache.
     */
    private void scatter(int f, float[] inputGradients, int n) {
        int values = starts[f][n];
        if (slots.length < values) {
            slots = new int[2 * values];
        }
        gradients[f].open(rows[f], values, slots);
        boolean isAttention = features.get(f).pooling().kind() == Pooling.Kind.ATTENTION;
        if (isAttention) {
            rowGradients = Scratch.atLeast(rowGradients, values * tables[f].dim());
            team.share(n, SUBJECTS, (from, to, member) -> attentionBack(f, inputGradients, from, to, pads[member]));
        }
        int owners = values < VALUES ? 1 : ceilingPowerOfTwo(team.size());
        team.share(owners, 1, (from, to, member) -> {
            for (int owner = from; owner < to; owner++) {
                if (isAttention) {
                    addOwned(f, values, owner, owners);
                } else {
                    addOwned(f, inputGradients, n, owner, owners);
                }
            }
        });
    }

    private static int ceilingPowerOfTwo(int number) {
        return Integer.highestOneBit(2 * number - 1);
    }

    private void addOwned(int f, float[] inputGradients, int n, int owner, int owners) {
        RowGradients into = gradients[f];
        int[] start = starts[f];
        boolean isMean = features.get(f).pooling().kind() == Pooling.Kind.MEAN;
        for (int i = 0; i < n; i++) {
            int known = start[i + 1] - start[i];
            float share = known == 0 ? 0f : 1f / known;
            int from = i * width + offsets[f];
            for (int at = start[i]; at < start[i + 1]; at++) {
                if (RowGradients.isOwned(slots[at], owner, owners)) {
                    into.addTo(slots[at], inputGradients, from, isMean ? share : shares[f][at]);
                }
            }
        }
    }

    private void addOwned(int f, int values, int owner, int owners) {
        int rowWidth = tables[f].dim();
        for (int at = 0; at < values; at++) {
            if (RowGradients.isOwned(slots[at], owner, owners)) {
                gradients[f].addTo(slots[at], rowGradients, at * rowWidth, 1f);
            }
        }
    }

    /** Fills the gradients of the rows of some subjects' histories. */
    private void attentionBack(int f, float[] inputGradients, int from, int to, Pad pad) {
        int rowWidth = tables[f].dim();
        for (int i = from; i < to; i++) {
            int start = starts[f][i];
            int count = starts[f][i + 1] - start;
            pack(f, i, pad);
            System.arraycopy(shares[f], start, pad.packedShares, 0, count);
            HistoryShares.attentionBack(
                    pad.packed,
                    count,
                    rowWidth,
                    pad.packedShares,
                    inputGradients,
                    i * width + offsets[f],
                    pad.packedGradients);
            System.arraycopy(pad.packedGradients, 0, rowGradients, start * rowWidth, count * rowWidth);
        }
    }

    /** Copies the rows of a subject's history side by side. */
    private void pack(int f, int i, Pad pad) {
        int rowWidth = tables[f].dim();
        int start = starts[f][i];
        int count = starts[f][i + 1] - start;
        pad.packed = Scratch.atLeast(pad.packed, count * rowWidth);
        pad.packedGradients = Scratch.atLeast(pad.packedGradients, count * rowWidth);
        pad.packedShares = Scratch.atLeast(pad.packedShares, count);
        for (int j = 0; j < count; j++) {
            System.arraycopy(tables[f].values(), rows[f][start + j] * rowWidth, pad.packed, j * rowWidth, rowWidth);
        }
    }

    /** Pools by the shares of {@link HistoryShares}. A history skips items without a row, so each place has one. */
    private void poolByShares(int f, int from, int end, float[] input, Pad pad) {
        Loops loops = Loops.now();
        Pooling pooling = features.get(f).pooling();
        int rowWidth = tables[f].dim();
        for (int i = from; i < end; i++) {
            int start = starts[f][i];
            int count = starts[f][i + 1] - start;
            int to = i * width + offsets[f];
            pack(f, i, pad);
            if (pooling.kind() == Pooling.Kind.ATTENTION) {
                HistoryShares.byAttention(pad.packed, count, rowWidth, pad.packedShares);
            } else {
                HistoryShares.byRecency(pooling.decay(), count, pad.packedShares);
            }
            System.arraycopy(pad.packedShares, 0, shares[f], start, count);
            for (int j = 0; j < count; j++) {
                loops.addScaled(input, to, pad.packed, j * rowWidth, rowWidth, pad.packedShares[j]);
            }
        }
    }

    /** @param finder called for the keys that have no row */
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

    /** Fills {@link #keys} and {@link #starts}. Returns the number of keys. */
    private int readKeys(int f, List<Subject> subjects) {
        FeatureSpec feature = features.get(f);
        int n = subjects.size();
        if (starts[f].length <= n) {
            starts[f] = new int[n + 1];
        }
        keyCount = 0;
        for (int i = 0; i < n; i++) {
            starts[f][i] = keyCount;
            subjects.get(i).forEachKey(feature, keyReader);
        }
        starts[f][n] = keyCount;
        for (int at = 0; at < keyCount; at++) {
            fingerprints[at] = KeyIndex.fingerprint(keys[at]);
        }
        return keyCount;
    }

    private void addKey(String key) {
        if (keyCount == keys.length) {
            keys = Arrays.copyOf(keys, 2 * keyCount);
            fingerprints = new long[keys.length];
        }
        keys[keyCount++] = key;
    }

    /** Asks the finder for the rows that were not found. A bag skips keys that still have no row. */
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

    /** Forgets the keys of the last subjects: no trace of a removed user or item may stay in memory. */
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

    /** Finds the row of a feature's key. */
    private interface RowFinder {
        int row(int feature, String key);
    }
}
