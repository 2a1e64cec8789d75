package dev.millrace.model;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.model.engine.Team;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.pool.PooledRows;
import dev.millrace.model.pool.PositionWeights;
import dev.millrace.model.pool.Rows;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.state.KeyIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The input rows of one tower: finds and pools the embedding rows that the features read, and passes gradients back to them.
 * One thread.
 */
final class FeatureInputs {

    private static final int SUBJECTS = 16; // worth a second thread

    /*
     * Layout. An input row holds the features side by side, in the order of their declaration; behind them the rows of histories that a graph
     * reads one by one.
     *
     * Order. resolve or resolveAdmitting, then gather, then, in a learning step, scatter. Each reads the results of the one before.
     */
    private final List<FeatureSpec> features;
    private final List<Field> fields = new ArrayList<>();

    private final int width;
    private final EmbeddingTables tables;
    private final Team team;

    /** A feature in the input row. */
    private static final class Field {

        private final FeatureSpec feature;
        private final int offset;
        /** Empty for features that pool no rows. */
        private final Optional<PooledRows> rows;
        /** What the items of a history make of a feature, which is pooled; empty for other features. */
        private final Optional<HistoryItems> items;

        private Moments moments = new Moments();
        private Moments beforeStep = moments;
        private boolean areMomentsDirty = true;

        Field(FeatureSpec feature, int offset, Optional<PooledRows> rows, Optional<HistoryItems> items) {
            this.feature = feature;
            this.offset = offset;
            this.rows = rows;
            this.items = items;
        }
    }

    /** Keys of the feature that is being resolved, one subject after the other. */
    private String[] keys = new String[16];

    private long[] fingerprints = new long[16];
    private int keyCount;
    private final Consumer<String> keyReader = this::addKey;

    /**
     * @param sequences columns behind the features that have rows of histories
     * @param catalogue for the features of the items of histories
     */
    FeatureInputs(
            List<FeatureSpec> features,
            List<GraphInput> sequences,
            EmbeddingTables tables,
            Catalogue catalogue,
            Team team) {
        this.tables = tables;
        this.team = team;
        this.features = features;
        this.width = features.stream().mapToInt(FeatureSpec::dim).sum()
                + sequences.stream().mapToInt(GraphInput::columns).sum();
        int offset = 0;
        for (FeatureSpec feature : features) {
            Optional<HistoryItems> items = feature.isHistoryOfFeature()
                    ? Optional.of(new HistoryItems(tables.historyOf(feature), tables, catalogue, team))
                    : Optional.empty();
            PooledRows.Columns columns = new PooledRows.Columns(offset, sequence(feature, sequences), width);
            Optional<PooledRows> rows = items.<Rows>map(found -> found)
                    .or(() -> feature.hasRows() ? Optional.of(tables.rows(feature)) : Optional.empty())
                    .map(source -> new PooledRows(feature, source, columns, team));
            fields.add(new Field(feature, offset, rows, items));
            offset += feature.dim();
        }
    }

    private static Optional<GraphInput> sequence(FeatureSpec feature, List<GraphInput> sequences) {
        return sequences.stream()
                .filter(sequence -> sequence.name().equals(feature.name()))
                .findFirst();
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
        return fields.stream()
                .map(field -> {
                    List<Double> weights = field.rows
                            .flatMap(PooledRows::positions)
                            .map(PositionWeights::relative)
                            .orElse(List.of());
                    Moments.Scale scale = field.moments.scale();
                    return new InputField(field.feature, field.offset, scale.mean(), scale.deviation(), weights);
                })
                .toList();
    }

    void restoreMoments(String feature, Moments restored) {
        for (Field field : fields) {
            if (field.feature.name().equals(feature)) {
                field.moments = restored;
                field.areMomentsDirty = false;
            }
        }
    }

    /** Hands over the statistics of numeric features that changed since the last call, by the name of the feature. */
    void drainMoments(BiConsumer<String, Moments> visitor) {
        for (Field field : fields) {
            if (field.areMomentsDirty && field.feature.kind() == Kind.NUMERIC) {
                visitor.accept(field.feature.name(), field.moments);
            }
            field.areMomentsDirty = false;
        }
    }

    /** Makes the next drain hand over all statistics. */
    void touchMoments() {
        fields.forEach(field -> field.areMomentsDirty = true);
    }

    /** Undoes the last {@link #observe}, for a refused step. */
    void forgetObserved() {
        fields.forEach(field -> field.moments = field.beforeStep);
    }

    /**
     * Adds the numbers of a step's subjects to the statistics.
     *
     * @param weights [subjects] in (0, 1]
     */
    void observe(List<Subject> subjects, double[] weights) {
        for (Field field : fields) {
            field.beforeStep = field.moments.copy();
            if (field.feature.kind() == Kind.NUMERIC) {
                field.areMomentsDirty |= observe(field.feature, subjects, weights, field.moments);
            }
        }
    }

    /** Returns true if a subject has a number. */
    private static boolean observe(FeatureSpec feature, List<Subject> subjects, double[] weights, Moments moments) {
        boolean isAny = false;
        for (int i = 0; i < weights.length; i++) {
            OptionalDouble number = subjects.get(i).number(feature);
            if (number.isPresent()) {
                moments.plus(subjects.get(i).id(), number.getAsDouble(), weights[i]);
                isAny = true;
            }
        }
        moments.settle();
        return isAny;
    }

    /** Finds the rows of the subjects, and admits none. */
    void resolve(List<Subject> subjects) {
        forgetRowless();
        resolve(subjects, HistoryItems::resolve, (feature, key) -> tables.table(feature)
                .row(key));
    }

    /**
     * Finds the rows of the subjects. A key without a row gets one if it was seen often enough. An item that is not listed
     * gets none.
     */
    void resolveAdmitting(List<Subject> subjects, Predicate<String> isListed) {
        forgetRowless();
        resolve(subjects, items -> items.resolveAdmitting(isListed), (feature, key) -> {
            EmbeddingTable table = tables.table(feature);
            int row = table.row(key);
            return row != EmbeddingTable.NONE || (feature.namesItems() && !isListed.test(key)) ? row : table.sight(key);
        });
    }

    /**
     * Fills the input rows of the resolved subjects.
     *
     * @param input [n, width] filled
     */
    void gather(List<Subject> subjects, float[] input) {
        fields.forEach(field -> {
            field.items.ifPresent(HistoryItems::gather);
            field.rows.ifPresent(found -> found.open(subjects.size()));
        });
        team.share(subjects.size(), SUBJECTS, (from, to, member) -> gather(subjects, input, from, to, member));
    }

    private void gather(List<Subject> subjects, float[] input, int from, int to, int member) {
        Arrays.fill(input, from * width, to * width, 0f);
        for (Field field : fields) {
            field.rows.ifPresentOrElse(
                    rows -> rows.gather(input, from, to, member), () -> copyNumbers(field, subjects, input, from, to));
        }
    }

    private void copyNumbers(Field field, List<Subject> subjects, float[] input, int from, int to) {
        boolean isVector = field.feature.kind() == Kind.VECTOR;
        for (int i = from; i < to; i++) {
            int at = i * width + field.offset;
            if (isVector) {
                subjects.get(i).copyVector(field.feature, input, at);
                continue;
            }
            OptionalDouble number = subjects.get(i).number(field.feature);
            if (number.isPresent()) {
                input[at] = field.moments.scale().normalise(number.getAsDouble());
            }
        }
    }

    /**
     * Adds the gradients of the embedding rows to those of their tables.
     *
     * @param inputGradients [n, width] dL/dinput
     */
    void scatter(float[] inputGradients, int n) {
        fields.forEach(field -> {
            field.rows.ifPresent(found -> found.scatter(inputGradients, n));
            field.items.ifPresent(HistoryItems::scatter);
        });
    }

    /** The learned weights of histories' places, in the order of the features. */
    List<PositionWeights> positions() {
        List<PositionWeights> positions = new ArrayList<>();
        forEachPositioned((feature, weights) -> positions.add(weights));
        return positions;
    }

    /** Visits each history whose places have learned weights, in the order of the features. */
    void forEachPositioned(BiConsumer<FeatureSpec, PositionWeights> visitor) {
        fields.forEach(field ->
                field.rows.flatMap(PooledRows::positions).ifPresent(weights -> visitor.accept(field.feature, weights)));
    }

    /**
     * @param ofItems finds the rows of the items of a history
     * @param finder called for the keys that have no row
     */
    private void resolve(List<Subject> subjects, Consumer<HistoryItems> ofItems, RowFinder finder) {
        int n = subjects.size();
        for (Field field : fields) {
            FeatureSpec feature = field.feature;
            field.rows.ifPresent(rows -> {
                readKeys(feature, subjects, rows.starts(n));
                field.items.ifPresent(items -> {
                    items.add(keys, keyCount);
                    ofItems.accept(items);
                });
                rows.resolve(
                        keys,
                        fingerprints,
                        keyCount,
                        n,
                        key -> field.items.isPresent() ? EmbeddingTable.NONE : finder.row(feature, key));
                Arrays.fill(keys, 0, keyCount, ""); // no trace of a removed user or item may stay in memory
            });
        }
    }

    /** Fills {@link #keys}, and where those of each subject begin. */
    private void readKeys(FeatureSpec feature, List<Subject> subjects, int[] starts) {
        keyCount = 0;
        for (int i = 0; i < subjects.size(); i++) {
            starts[i] = keyCount;
            subjects.get(i).forEachKey(feature, keyReader);
        }
        starts[subjects.size()] = keyCount;
        for (int at = 0; at < keyCount; at++) {
            fingerprints[at] = KeyIndex.fingerprint(keys[at]);
        }
    }

    private void addKey(String key) {
        if (keyCount == keys.length) {
            keys = Arrays.copyOf(keys, 2 * keyCount);
            fingerprints = new long[keys.length];
        }
        keys[keyCount++] = key;
    }

    /** Forgets the keys of the last subjects: no trace of a removed user or item may stay in memory. */
    void forgetRowless() {
        fields.forEach(field -> {
            field.rows.ifPresent(PooledRows::forgetRowless);
            field.items.ifPresent(HistoryItems::forget);
        });
    }

    /** Finds the row of a feature's key. */
    private interface RowFinder {
        int row(FeatureSpec feature, String key);
    }
}
