package dev.millrace.model;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.Pooling;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.loss.Temperature;
import dev.millrace.model.network.ChannelScales;
import dev.millrace.model.network.TowerShape;
import dev.millrace.model.pool.HistoryShares;
import dev.millrace.model.pool.PositionWeights;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The user tower on the query side: it takes the query-side entries, and turns users into vectors.
 *
 * <p>One thread calls {@link #update}, {@link #remove} and {@link #refresh}; any number of threads call {@link #encode} and
 * {@link #isReady}. Networks and statistics are kept here, and change together at a refresh. The caller keeps the rows.
 * There is no native code but in graphs of DL4J.
 *
 * <p>A learner gathers the input rows of a batch from tables, and keeps what the gradient needs. A server gathers those of one user from
 * entries, some of which are yet to come. So each gathers in its own way, and both multiply by the same code. With {@code model.engine =
 * vector} both make the same bits.
 */
public final class QueryEncoder {

    private final ModelSettings settings;
    private final Function<byte[], Optional<float[]>> rows;
    private final Function<String, Features> items;
    private final TowerShape shape;
    private final List<FeatureSpec> features;
    /** Those whose places have learned weights. */
    private final List<FeatureSpec> positioned;

    private final ChannelScales scales;

    /** The next snapshot; only the updating thread reads and writes it. */
    private final float[][] tensors;

    /** Keys of the entries that have yet to arrive, but for rows. */
    private final Set<ByteBuffer> missing = new HashSet<>();

    private final Map<String, Moments.Scale> numberScales = new HashMap<>();

    private double temperature;
    private PriorWeights prior = PriorWeights.NONE;

    private volatile Snapshot snapshot;

    /**
     * Networks and statistics of one refresh; immutable.
     *
     * @param tensors as {@link Tower#weights} numbers them
     * @param positions of the features whose places have learned weights, by name
     * @param temperature τ
     * @param prior learned weights beside cos / τ
     */
    private record Snapshot(
            float[][] tensors,
            Map<String, PositionWeights> positions,
            Map<String, Moments.Scale> numberScales,
            double temperature,
            PriorWeights prior,
            boolean isComplete) {}

    /**
     * @param rows returns a row by the key of its entry, as {@link #row} reads it from the entry's value; many threads call it
     *     at once
     * @param items returns the features of an item of the learner's catalogue, of another none; asked for histories of item features, by
     *     many threads at once
     */
    public QueryEncoder(
            ModelSettings settings, Function<byte[], Optional<float[]>> rows, Function<String, Features> items) {
        this.settings = settings;
        this.rows = rows;
        this.items = items;
        this.features = settings.user();
        this.shape = settings.shape(Side.USER);
        this.scales = ChannelScales.ofUsers(settings.towers());
        this.positioned = features.stream()
                .filter(feature -> feature.pooling().kind() == Pooling.Kind.POSITIONS)
                .toList();
        this.tensors = Stream.concat(
                        Arrays.stream(shape.zeros()),
                        positioned.stream().map(feature -> new float[feature.maxValues()]))
                .toArray(float[][]::new);
        this.temperature = settings.loss().temperature();
        this.snapshot = new Snapshot(new float[0][], Map.of(), Map.of(), temperature, PriorWeights.NONE, false);
        missing.add(ByteBuffer.wrap(ModelEntry.Kind.HEADER.key()));
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            for (int chunk = 0; chunk < ModelEntry.chunks(tensors[tensor]); chunk++) {
                missing.add(ByteBuffer.wrap(ModelEntry.weights(Side.USER, tensor, chunk)));
            }
        }
    }

    /** Returns whether an entry is a row. The caller keeps rows. */
    public static boolean isRow(byte[] key) {
        return ModelEntry.Kind.ROW.isOf(key);
    }

    /**
     * Reads the row from a row entry's value.
     *
     * @throws CorruptEntryException if the value fails its check or a component is not finite
     */
    public static float[] row(byte[] value) {
        float[] row = Form.read(value, Form::shortFloats);
        if (!Loops.now().areFinite(row, 0, row.length)) {
            throw new CorruptEntryException("a row's component is not finite");
        }
        return row;
    }

    /**
     * Takes a query-side entry, which takes effect at the next {@link #refresh}. Rows are checked, and not kept here.
     *
     * @throws FingerprintMismatchException if the weights come from other settings
     * @throws CorruptEntryException if the entry does not belong to this model's query side, or is not finite
     */
    public void update(byte[] key, byte[] value) {
        ModelEntry entry = ModelEntry.of(key);
        switch (entry.kind()) {
            case HEADER -> ModelHeader.read(value).requireSettings(settings);
            case STATISTICS ->
                numberScales.put(entry.feature(), Moments.read(value).scale());
            case LEARNED_TEMPERATURE -> {
                double sent = Temperature.read(value);
                if (!Double.isFinite(sent) || sent <= 0) {
                    throw new CorruptEntryException("the learned temperature is " + sent);
                }
                temperature = sent;
            }
            case MIXTURE -> prior = Mixture.readRelative(value);
            case WEIGHTS -> updateWeights(entry.tensor(), entry.chunk(), value);
            case ROW -> requireWidth(entry.table(), row(value).length);
            case FIRST_SLOT, SECOND_SLOT, NETWORK_STEPS, LEARNED_OBJECTIVES, TABLE, SIGHTINGS, UPKEEP -> {
                // not of the query side
            }
        }
        missing.remove(ByteBuffer.wrap(key));
    }

    /** Takes the removal of a query-side entry. Rows are not kept here. */
    public void remove(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        if (entry.kind() == ModelEntry.Kind.STATISTICS) {
            numberScales.remove(entry.feature());
        }
    }

    /** Makes all updates so far visible to {@link #encode}, all at once. */
    public void refresh() {

        Map<String, PositionWeights> positions = new HashMap<>();
        for (int p = 0; p < positioned.size(); p++) {
            positions.put(positioned.get(p).name(), PositionWeights.of(tensors[shape.tensors() + p]));
        }
        snapshot = new Snapshot(
                tensors.clone(), positions, Map.copyOf(numberScales), temperature, prior, missing.isEmpty());
    }

    /** Returns whether all entries but rows have arrived. */
    public boolean isReady() {
        return snapshot.isComplete();
    }

    /** Returns τ, which divides the cosine in the training logit: from the settings, or the last learned one. */
    public double temperature() {
        return snapshot.temperature();
    }

    /** Returns the learned weights of popularity and age beside cos / τ; none from a learner that has none. */
    public PriorWeights prior() {
        return snapshot.prior();
    }

    /**
     * Computes a user's vector.
     *
     * @param weights of the channels, by name; a channel that it leaves out has the weight of the settings
     * @param out [width] the user's vector, filled: each channel of unit length times its factor; zeros for a channel
     *     without a direction
     * @throws IllegalStateException if not {@link #isReady}
     * @throws IllegalArgumentException if no channel has a weight above 0
     */
    public void encode(UserFeatures user, Features context, Map<String, Double> weights, float[] out) {
        Snapshot current = snapshot;
        if (!current.isComplete()) {
            throw new IllegalStateException("the user tower has not arrived yet");
        }
        Subject subject = Subject.user(user, context);
        float[] input = new float[shape.inputs()];
        int offset = 0;
        for (FeatureSpec feature : features) {
            read(subject, feature, current, input, offset);
            offset += feature.dim();
        }
        float[] raw = new float[shape.outputs()];
        shape.forward(Engine.ofRows(), current.tensors(), input, 1, raw);
        int dim = shape.dim();
        float[] factors = scales.of(weights);
        for (int channel = 0; channel < factors.length; channel++) {
            int at = channel * dim;
            float norm = Tower.norm(raw, at, dim);
            boolean hasDirection = norm >= Tower.MIN_NORM && Float.isFinite(norm);
            float inverse = factors[channel] / norm;
            for (int d = 0; d < dim; d++) {
                out[at + d] = hasDirection ? raw[at + d] * inverse : 0f;
            }
        }
    }

    private void read(Subject subject, FeatureSpec feature, Snapshot current, float[] input, int at) {
        if (feature.isHistoryOfFeature()) {
            pool(feature, ofItems(subject, feature, current), current, input, at);
            return;
        }
        switch (feature.kind()) {
            case ID, CATEGORICAL, BAG, TEXT, AGE -> pool(feature, rows(subject, feature), current, input, at);
            case NUMERIC -> {
                OptionalDouble number = subject.number(feature);
                if (number.isPresent()) {
                    input[at] = current.numberScales()
                            .getOrDefault(feature.name(), Moments.Scale.NONE)
                            .normalise(number.getAsDouble());
                }
            }
            case VECTOR -> subject.copyVector(feature, input, at);
        }
    }

    /** Returns what each item of a history makes of its feature, as in the item tower. Items without it are left out. */
    private List<float[]> ofItems(Subject subject, FeatureSpec history, Snapshot current) {
        FeatureSpec feature = settings.historyOf(history);
        List<float[]> found = new ArrayList<>();
        subject.forEachKey(history, id -> {
            Subject item = Subject.item(id, items.apply(id));
            if (item.has(feature)) {
                float[] row = new float[feature.dim()];
                read(item, feature, current, row, 0);
                found.add(row);
            }
        });
        return found;
    }

    private List<float[]> rows(Subject subject, FeatureSpec feature) {
        List<float[]> found = new ArrayList<>();
        subject.forEachKey(feature, key -> {
            // a row may have come before these settings, which say how wide it is
            Optional<float[]> row =
                    rows.apply(ModelEntry.row(feature.table(), key)).filter(stored -> stored.length == feature.dim());
            if (row.isPresent() || !feature.isBag()) {
                found.add(row.orElseGet(() -> settings.initialRows().row(feature.table(), key, feature.dim())));
            }
        });
        return found;
    }

    private void pool(FeatureSpec feature, List<float[]> found, Snapshot current, float[] input, int at) {
        shape.sequences().stream()
                .filter(columns -> columns.name().equals(feature.name()))
                .forEach(columns -> copyRows(found, columns, input));
        float[] shares = shares(feature, found, current);
        for (int j = 0; j < shares.length; j++) {
            for (int d = 0; d < feature.dim(); d++) {
                input[at + d] += shares[j] * found.get(j)[d];
            }
        }
        if (feature.pooling().kind() == Pooling.Kind.MEAN && shares.length > 1) {
            for (int d = 0; d < feature.dim(); d++) {
                input[at + d] *= 1f / shares.length; // once, as the learner does: the bits are the same
            }
        }
    }

    /** @param found the latest first; their columns begin with the oldest */
    private static void copyRows(List<float[]> found, GraphInput columns, float[] input) {
        input[columns.first()] = found.size();
        for (int j = 0; j < found.size(); j++) {
            System.arraycopy(found.get(j), 0, input, columns.column(found.size() - 1 - j), columns.width());
        }
    }

    /** [rows] Returns the share of each row in the pooled sum; 1 for a mean, which is divided afterwards. */
    private static float[] shares(FeatureSpec feature, List<float[]> found, Snapshot current) {
        float[] shares = new float[found.size()];
        int dim = feature.dim();
        switch (feature.pooling().kind()) {
            case MEAN -> Arrays.fill(shares, 1f);
            case RECENCY -> HistoryShares.byRecency(feature.pooling().decay(), shares.length, shares, 0);
            case POSITIONS ->
                Optional.ofNullable(current.positions().get(feature.name()))
                        .orElseThrow()
                        .share(shares.length, shares, 0);
            case ATTENTION -> {
                float[] packed = new float[shares.length * dim];
                for (int j = 0; j < shares.length; j++) {
                    System.arraycopy(found.get(j), 0, packed, j * dim, dim);
                }
                HistoryShares.byAttention(packed, shares.length, dim, shares);
            }
        }
        return shares;
    }

    private void updateWeights(int tensor, int chunk, byte[] value) {
        if (tensor >= tensors.length) {
            throw new CorruptEntryException("the user tower has no tensor " + tensor);
        }
        // a snapshot may still read the old array
        float[] changed = tensors[tensor].clone();
        ModelEntry.restore(value, changed, chunk);
        if (!Loops.now().areFinite(changed, 0, changed.length)) {
            throw new CorruptEntryException("a weight of the user tower is not finite");
        }
        tensors[tensor] = changed;
    }

    private void requireWidth(String table, int found) {
        for (FeatureSpec feature : features) {
            if (feature.hasRows() && feature.table().equals(table) && feature.dim() != found) {
                throw new CorruptEntryException("a row of table " + table + " has " + found + " components, feature "
                        + feature.name() + " has " + feature.dim());
            }
        }
    }
}
