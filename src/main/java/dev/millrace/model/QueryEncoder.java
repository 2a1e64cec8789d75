package dev.millrace.model;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The user tower away from the learner: fed with the query-side entries, it turns users into vectors.
 *
 * <p>One thread calls {@link #update}, {@link #remove} and {@link #refresh}; any number call {@link #encode} and
 * {@link #isReady}. Networks and statistics are held here and change all at once at a refresh; rows are read from the
 * {@link RowSource}. Plain Java, no native code; equal to the learner's own vectors up to rounding.
 */
public final class QueryEncoder {

    private final ModelSettings settings;
    private final RowSource rows;
    private final TowerShape shape;
    private final List<FeatureSpec> features;

    /** The next snapshot in the making; of the updating thread. */
    private final float[][] tensors;

    private final boolean[][] seenChunks;
    private final Map<String, Moments> moments = new HashMap<>();
    private boolean seenHeader;

    private volatile Snapshot snapshot = new Snapshot(new float[0][], Map.of(), false);

    /**
     * What encodes at one moment; not changed once made.
     *
     * @param tensors as {@link TowerShape#length} numbers them
     */
    private record Snapshot(float[][] tensors, Map<String, Moments> moments, boolean isComplete) {}

    public QueryEncoder(ModelSettings settings, RowSource rows) {
        this.settings = settings;
        this.rows = rows;
        this.features = settings.user();
        this.shape = TowerShape.of(Tower.inputWidth(features), settings.towers().userHidden(), settings.dim());
        this.tensors = shape.zeros();
        this.seenChunks = new boolean[tensors.length][];
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            seenChunks[tensor] = new boolean[ModelEntry.chunks(tensors[tensor])];
        }
    }

    /** Whether an entry is a row, to be kept where the {@link RowSource} finds it. */
    public static boolean isRow(byte[] key) {
        return ModelEntry.isRow(key);
    }

    /**
     * The row in a row entry's value.
     *
     * @throws CorruptEntryException if the value fails its check or a component is not finite
     */
    public static float[] row(byte[] value) {
        float[] row = Fields.floats(Frame.open(value));
        if (!EmbeddingTable.areFinite(row, 0, row.length)) {
            throw new CorruptEntryException("a row's component is not finite");
        }
        return row;
    }

    /**
     * Takes a query-side entry, to be seen after {@link #refresh}. Rows are not kept here.
     *
     * @throws FingerprintMismatchException if the weights were made by other settings
     * @throws CorruptEntryException if the entry is none of this model's query side, or not finite
     */
    public void update(byte[] key, byte[] value) {
        ModelEntry entry = ModelEntry.of(key);
        if (entry instanceof ModelEntry.Header) {
            ModelHeader.read(Frame.open(value)).requireSettings(settings);
            seenHeader = true;
        } else if (entry instanceof ModelEntry.Statistics statistics) {
            Moments sent = ModelEntry.moments(value);
            if (!sent.isFinite()) {
                throw new CorruptEntryException("the statistics of " + statistics.feature() + " are not finite");
            }
            moments.put(statistics.feature(), sent);
        } else if (entry instanceof ModelEntry.Chunk chunk && chunk.areWeights()) {
            if (chunk.tensor() < 0
                    || chunk.tensor() >= tensors.length
                    || chunk.chunk() < 0
                    || chunk.chunk() >= seenChunks[chunk.tensor()].length) {
                throw new CorruptEntryException("the user tower has no such part: " + chunk);
            }
            // a snapshot may still read the old array
            float[] changed = tensors[chunk.tensor()].clone();
            ModelEntry.restoreChunk(value, changed, chunk.chunk());
            if (!EmbeddingTable.areFinite(changed, 0, changed.length)) {
                throw new CorruptEntryException("a weight of the user tower is not finite");
            }
            tensors[chunk.tensor()] = changed;
            seenChunks[chunk.tensor()][chunk.chunk()] = true;
        }
    }

    /** Takes the removal of a query-side entry; only rows are ever removed, and they are not kept here. */
    public void remove(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        if (entry instanceof ModelEntry.Statistics statistics) {
            moments.remove(statistics.feature());
        }
    }

    /** Makes all updates so far visible to {@link #encode} at once. */
    public void refresh() {
        boolean isComplete = seenHeader;
        for (boolean[] chunks : seenChunks) {
            for (boolean seen : chunks) {
                isComplete &= seen;
            }
        }
        snapshot = new Snapshot(tensors.clone(), Map.copyOf(moments), isComplete);
    }

    /** Whether everything but rows has arrived. */
    public boolean isReady() {
        return snapshot.isComplete();
    }

    /**
     * @param out [dim] the user's unit-length vector, filled; zeros if there is no direction
     * @throws IllegalStateException if not {@link #isReady}
     */
    public void encode(UserFeatures user, Features context, float[] out) {
        Snapshot current = snapshot;
        if (!current.isComplete()) {
            throw new IllegalStateException("the user tower has not arrived yet");
        }
        int dim = settings.dim();
        Subject subject = Subject.user(user, context);
        float[] input = new float[shape.inputs()];
        float[] skip = new float[dim];
        int offset = 0;
        for (FeatureSpec feature : features) {
            read(subject, feature, current, input, offset);
            if (Tower.isSkip(feature, settings)) {
                for (int d = 0; d < dim; d++) {
                    skip[d] += input[offset + d];
                }
            }
            offset += feature.dim();
        }
        float[] raw = network(current.tensors(), input);
        for (int d = 0; d < dim; d++) {
            raw[d] += skip[d];
        }
        float norm = Tower.norm(raw, 0, dim);
        boolean hasDirection = norm >= Tower.MIN_NORM && Float.isFinite(norm);
        float inverse = 1f / norm;
        for (int d = 0; d < dim; d++) {
            out[d] = hasDirection ? raw[d] * inverse : 0f;
        }
    }

    private float[] network(float[][] weights, float[] input) {
        float[] in = input;
        for (int layer = 0; layer < shape.layers(); layer++) {
            float[] out = new float[shape.out(layer)];
            boolean relu = layer < shape.layers() - 1;
            PlainLayers.layer(in, 0, shape.in(layer), weights[2 * layer], weights[2 * layer + 1], out, 0, relu);
            in = out;
        }
        return in;
    }

    private void read(Subject subject, FeatureSpec feature, Snapshot current, float[] input, int at) {
        switch (feature.kind()) {
            case ID, CATEGORICAL, BAG -> pool(subject, feature, input, at);
            case NUMERIC -> {
                OptionalDouble number = subject.number(feature);
                if (number.isPresent()) {
                    input[at] = current.moments()
                            .getOrDefault(feature.name(), Moments.NONE)
                            .normalise(number.getAsDouble());
                }
            }
            case VECTOR -> subject.copyVector(feature, input, at);
        }
    }

    private void pool(Subject subject, FeatureSpec feature, float[] input, int at) {
        int dim = feature.dim();
        int count = 0;
        for (String key : subject.keys(feature)) {
            Optional<float[]> found = rows.row(new ModelEntry.Row(feature.table(), key).key());
            if (found.isEmpty() && feature.kind() == FeatureSpec.Kind.BAG) {
                continue;
            }
            float[] row = found.orElseGet(() -> InitialRow.of(settings, feature.table(), key, dim));
            for (int d = 0; d < dim; d++) {
                input[at + d] += row[d];
            }
            count++;
        }
        if (count > 1) {
            float share = 1f / count;
            for (int d = 0; d < dim; d++) {
                input[at + d] *= share;
            }
        }
    }
}
