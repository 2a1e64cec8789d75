package dev.millrace.model.pool;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.Pooling;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Team;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.network.Scratch;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.RowGradients;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * The embedding rows that one feature reads: finds them, pools those of each subject into one, and passes gradients back. One thread
 * calls it.
 */
public final class PooledRows {

    // worth a second thread
    private static final int SUBJECTS = 16;
    private static final int VALUES = 256;

    /*
     * Layout. For the subjects of the last resolve, `rows` holds the row numbers that the feature reads, one subject after the other, and
     * `starts` holds where each subject's row numbers begin. A key without a row has the code -1 - at, for its place in `rowless`. It reads
     * its initial row, and learns nothing. A history skips such keys, so each of its places has a row.
     *
     * Order. starts, then resolve, then open, gather (any part of the subjects on any thread), and, in a learning step, scatter.
     */
    private final FeatureSpec feature;
    private final Pooling.Kind kind;
    private final Rows source;
    private final Team team;
    private final int first;
    private final Optional<GraphInput> sequence;
    private final int width;
    private final Optional<PositionWeights> positions;

    private int[] starts = new int[1];
    private int[] rows = new int[16];
    private String[] rowless = new String[16];
    private int rowlessCount;

    /** [rows] Share of each row in its pooled sum; only for histories that are not pooled by their mean. */
    private float[] shares = new float[0];
    /** [rows] Slot of each row in the gradients. */
    private int[] slots = new int[0];
    /** [rows, dim] Gradients of the rows; only of attention. */
    private float[] rowGradients = new float[0];

    private final Pad[] pads;

    /** What one thread needs to pool by attention. */
    private static final class Pad {
        /** [values, dim] the rows of one history, and their gradients. */
        private float[] packed = new float[0];

        private float[] gradients = new float[0];
        private float[] shares = new float[0];
    }

    /**
     * Columns of an input row.
     *
     * @param first in which the pooled row begins
     * @param sequence those that have the rows themselves; absent where nothing reads them
     * @param width of an input row
     */
    public record Columns(int first, Optional<GraphInput> sequence, int width) {}

    public PooledRows(FeatureSpec feature, Rows source, Columns columns, Team team) {
        this.feature = feature;
        this.kind = feature.pooling().kind();
        this.source = source;
        this.first = columns.first();
        this.sequence = columns.sequence();
        this.width = columns.width();
        this.team = team;
        this.positions = PositionWeights.of(feature);
        this.pads = new Pad[kind == Pooling.Kind.ATTENTION ? team.size() : 0];
        Arrays.setAll(pads, member -> new Pad());
    }

    /** The learned weights of the places of a history; empty if they are not learned. */
    public Optional<PositionWeights> positions() {
        return positions;
    }

    /**
     * Returns where the keys of each subject begin, and the end of the last; the caller fills it before {@link #resolve}.
     *
     * @return [n + 1]
     */
    public int[] starts(int n) {
        if (starts.length <= n) {
            starts = new int[n + 1];
        }
        return starts;
    }

    /**
     * Finds the rows of keys. A bag skips keys that have none.
     *
     * @param keys [count] one subject after the other, as {@link #starts} says
     * @param fingerprints [count] of the keys
     * @param finder called for a key without a row; returns the row that it got, or {@link EmbeddingTable#NONE}
     */
    public void resolve(String[] keys, long[] fingerprints, int count, int n, ToIntFunction<String> finder) {
        if (rows.length < count) {
            rows = new int[2 * count];
        }
        source.find(keys, fingerprints, count, rows);
        boolean isBag = feature.isBag();
        int end = 0;
        for (int i = 0; i < n; i++) {
            int from = starts[i];
            starts[i] = end;
            for (int at = from; at < starts[i + 1]; at++) {
                int found = rows[at] == EmbeddingTable.NONE ? finder.applyAsInt(keys[at]) : rows[at];
                if (found != EmbeddingTable.NONE) {
                    rows[end++] = found;
                } else if (!isBag) {
                    rows[end++] = -1 - rowless(keys[at]);
                }
            }
        }
        starts[n] = end;
    }

    private int rowless(String key) {
        if (rowlessCount == rowless.length) {
            rowless = Arrays.copyOf(rowless, 2 * rowlessCount);
        }
        rowless[rowlessCount] = key;
        return rowlessCount++;
    }

    /** Forgets the keys of the last subjects: no trace of a removed user or item may stay in memory. */
    public void forgetRowless() {
        Arrays.fill(rowless, 0, rowlessCount, "");
        rowlessCount = 0;
    }

    /** Makes room for n resolved subjects; {@link #gather} may follow, on any threads. */
    public void open(int n) {
        if (kind != Pooling.Kind.MEAN) {
            shares = Scratch.atLeast(shares, starts[n]);
        }
        positions.ifPresent(PositionWeights::refresh);
    }

    /**
     * Adds the pooled rows of some of the subjects to their input rows.
     *
     * @param input [n, width]
     * @param member of the team that runs it
     */
    public void gather(float[] input, int from, int end, int member) {
        switch (kind) {
            case MEAN -> poolEqually(input, from, end);
            case RECENCY, POSITIONS, ATTENTION -> poolByShares(input, from, end, member);
        }
        sequence.ifPresent(columns -> copyRows(columns, input, from, end));
    }

    private void copyRows(GraphInput columns, float[] input, int from, int end) {
        for (int i = from; i < end; i++) {
            input[i * width + columns.first()] = starts[i + 1] - starts[i];
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                System.arraycopy(source.values(), rows[at] * source.dim(), input, place(columns, i, at), source.dim());
            }
        }
    }

    /** Returns where a subject's row begins among its columns of a sequence, which has the oldest first. */
    private int place(GraphInput columns, int i, int at) {
        return i * width + columns.column(starts[i + 1] - 1 - at);
    }

    private void poolEqually(float[] input, int from, int end) {
        Loops loops = Loops.now();
        int dim = source.dim();
        float[] values = source.values();
        for (int i = from; i < end; i++) {
            int to = i * width + first;
            int count = starts[i + 1] - starts[i];
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                if (rows[at] >= 0) {
                    loops.add(input, to, values, rows[at] * dim, dim);
                } else {
                    loops.add(input, to, source.initial(rowless[-1 - rows[at]]), 0, dim);
                }
            }
            if (count > 1) {
                float share = 1f / count;
                for (int d = 0; d < dim; d++) {
                    input[to + d] *= share;
                }
            }
        }
    }

    private void poolByShares(float[] input, int from, int end, int member) {
        Loops loops = Loops.now();
        int dim = source.dim();
        float[] values = source.values();
        for (int i = from; i < end; i++) {
            share(i, member);
            int to = i * width + first;
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                loops.addScaled(input, to, values, rows[at] * dim, dim, shares[at]);
            }
        }
    }

    /** Fills the shares of a subject's rows. */
    private void share(int i, int member) {
        int start = starts[i];
        int count = starts[i + 1] - start;
        if (kind == Pooling.Kind.ATTENTION) {
            Pad pad = pads[member];
            pack(i, pad);
            HistoryShares.byAttention(pad.packed, count, source.dim(), pad.shares);
            System.arraycopy(pad.shares, 0, shares, start, count);
        } else if (positions.isPresent()) {
            positions.get().share(count, shares, start);
        } else {
            HistoryShares.byRecency(feature.pooling().decay(), count, shares, start);
        }
    }

    /** Copies the rows of a subject's history side by side. */
    private void pack(int i, Pad pad) {
        int dim = source.dim();
        int start = starts[i];
        int count = starts[i + 1] - start;
        pad.packed = Scratch.atLeast(pad.packed, count * dim);
        pad.gradients = Scratch.atLeast(pad.gradients, count * dim);
        pad.shares = Scratch.atLeast(pad.shares, count);
        for (int j = 0; j < count; j++) {
            System.arraycopy(source.values(), rows[start + j] * dim, pad.packed, j * dim, dim);
        }
    }

    /**
     * Adds the gradients of the rows to those of their table, and sets the gradients of the position weights.
     *
     * <p>Each row's sum belongs to one thread, which adds to it in the order of the subjects. Neighbouring rows have the same owner, as they
     * share lines of the processor's cache.
     *
     * @param inputGradients [n, width] dL/dinput
     */
    public void scatter(float[] inputGradients, int n) {
        int values = starts[n];
        if (slots.length < values) {
            slots = new int[2 * values];
        }
        source.open(rows, values, slots);
        boolean isAttention = kind == Pooling.Kind.ATTENTION;
        if (isAttention) {
            rowGradients = Scratch.atLeast(rowGradients, values * source.dim());
            team.share(n, SUBJECTS, (from, to, member) -> attentionBack(inputGradients, from, to, pads[member]));
        }
        positions.ifPresent(weights -> positionsBack(weights, inputGradients, n));
        int owners = values < VALUES ? 1 : ceilingPowerOfTwo(team.size());
        team.share(owners, 1, (from, to, member) -> {
            for (int owner = from; owner < to; owner++) {
                if (isAttention) {
                    addOwned(values, owner, owners);
                } else {
                    addOwned(inputGradients, n, owner, owners);
                }
                int owned = owner;
                sequence.ifPresent(columns -> addOwned(columns, inputGradients, n, owned, owners));
            }
        });
    }

    private static int ceilingPowerOfTwo(int number) {
        return Integer.highestOneBit(2 * number - 1);
    }

    private void addOwned(float[] inputGradients, int n, int owner, int owners) {
        boolean isMean = kind == Pooling.Kind.MEAN;
        for (int i = 0; i < n; i++) {
            int known = starts[i + 1] - starts[i];
            float share = known == 0 ? 0f : 1f / known;
            int from = i * width + first;
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                if (RowGradients.isOwned(slots[at], owner, owners)) {
                    source.addTo(slots[at], inputGradients, from, isMean ? share : shares[at]);
                }
            }
        }
    }

    private void addOwned(GraphInput columns, float[] inputGradients, int n, int owner, int owners) {
        for (int i = 0; i < n; i++) {
            for (int at = starts[i]; at < starts[i + 1]; at++) {
                if (RowGradients.isOwned(slots[at], owner, owners)) {
                    source.addTo(slots[at], inputGradients, place(columns, i, at), 1f);
                }
            }
        }
    }

    private void addOwned(int values, int owner, int owners) {
        for (int at = 0; at < values; at++) {
            if (RowGradients.isOwned(slots[at], owner, owners)) {
                source.addTo(slots[at], rowGradients, at * source.dim(), 1f);
            }
        }
    }

    /** Fills the gradients of the rows of some subjects' histories. */
    private void attentionBack(float[] inputGradients, int from, int to, Pad pad) {
        int dim = source.dim();
        for (int i = from; i < to; i++) {
            int start = starts[i];
            int count = starts[i + 1] - start;
            pack(i, pad);
            System.arraycopy(shares, start, pad.shares, 0, count);
            HistoryShares.attentionBack(
                    pad.packed, count, dim, pad.shares, inputGradients, i * width + first, pad.gradients);
            System.arraycopy(pad.gradients, 0, rowGradients, start * dim, count * dim);
        }
    }

    /** The inner products are shared by the team; their sums have one order. */
    private void positionsBack(PositionWeights weights, float[] inputGradients, int n) {
        int dim = source.dim();
        float[] products = weights.products(starts[n]);
        team.share(n, SUBJECTS, (from, to, member) -> {
            Loops loops = Loops.now();
            for (int i = from; i < to; i++) {
                for (int at = starts[i]; at < starts[i + 1]; at++) {
                    products[at] = loops.dot(inputGradients, i * width + first, source.values(), rows[at] * dim, dim);
                }
            }
        });
        weights.backward(products, shares, starts, n);
    }
}
