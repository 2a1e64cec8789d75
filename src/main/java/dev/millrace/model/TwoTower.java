package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.CounterRandom;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.loss.Candidates;
import dev.millrace.model.loss.NegativePairs;
import dev.millrace.model.loss.Objective;
import dev.millrace.model.network.ChannelScales;
import dev.millrace.model.network.DenseOptimiser;
import dev.millrace.model.network.TowerNetwork;
import dev.millrace.model.network.TowerSettings;
import dev.millrace.model.network.TowerShape;
import dev.millrace.model.table.Descent;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.OptimiserRule;
import dev.millrace.model.table.RowGradients;
import dev.millrace.model.table.SightingCounts;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * Two towers over growing embedding tables; one mini-batch, one step. One thread.
 *
 * <p>The step, in the order of the formulas: rows → towers → unit vectors → cosines / temperature → constants (popularity, log
 * Q) → softmax → back the same way → clip → the optimisers of networks and rows.
 */
public final class TwoTower implements Durable, AutoCloseable {

    /** First byte of the keys of a model's entries. */
    public static final char PREFIX = (char) ModelEntry.PREFIX;

    private static final char USER = 'u';
    private static final char ITEM = 'i';
    private static final int EXPIRED_A_STEP = 1024; // of a table, so that no step takes much longer than another

    private final ModelSettings settings;
    private final Catalogue catalogue;
    private final NumericFingerprint fingerprint;
    private final String generation;
    private final Map<String, EmbeddingTable> tables = new TreeMap<>();
    private final Map<String, RowGradients> rowGradients = new TreeMap<>();
    private final Set<String> userTables = new HashSet<>();
    private final Set<String> itemIdTables = new HashSet<>();
    private final Set<String> userIdTables = new HashSet<>();
    private final Tower userTower;
    private final Tower itemTower;
    private final StepTimes times;
    private final Objective objective;
    private final HardNegatives hardNegatives;
    private final DenseOptimiser userOptimiser;
    private final DenseOptimiser itemOptimiser;

    /** How far the last step moved items' rows; empty unless kept. */
    private final Map<String, Float> moves = new LinkedHashMap<>();

    private boolean isHeaderDirty = true;
    private boolean areNetworksDirty = true;
    private boolean isUpkeepDirty = true;
    private long networkSteps;
    private long clock;
    private long batchTime;
    private SortedMap<String, Double> fieldWeights = Collections.emptySortedMap();
    private long waitingSightings;
    private long expiredRows;
    private long displacedRows;

    /**
     * @param catalogue read for item features; the caller applies a batch's changes to it before {@link #learn}
     * @throws IllegalStateException if the process may use several native threads, see {@link NumericFingerprint}
     */
    public TwoTower(ModelSettings settings, Catalogue catalogue) {
        this(settings, catalogue, StepTimes.UNTIMED);
    }

    /** @param times told of the end of each phase of a step, on the learner's thread */
    public TwoTower(ModelSettings settings, Catalogue catalogue, StepTimes times) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.times = times;
        this.fingerprint = NumericFingerprint.require();
        this.generation = settings.generationName();
        addTables(settings.user(), userTables);
        addTables(settings.item(), new HashSet<>());
        TowerSettings towers = settings.towers();
        this.userTower = tower(settings.user(), settings.userShape(), settings.seed(), ChannelScales.ofUsers(towers));
        this.itemTower =
                tower(settings.item(), settings.itemShape(), settings.seed() + 1, ChannelScales.ofItems(towers));
        OptimiserRule rule = settings.optimiser().dense().rule();
        this.userOptimiser = DenseOptimiser.of(rule, userTower.kernel());
        this.itemOptimiser = DenseOptimiser.of(rule, itemTower.kernel());
        this.objective = new Objective(settings.loss(), settings.width());
        this.hardNegatives = new HardNegatives(settings.loss().negatives().hardByModel(), catalogue, settings.width());
    }

    /**
     * One learning step.
     *
     * @throws RefusedStepException before anything was applied, if loss or gradient is not finite, or the gradient is longer than
     *     the settings allow
     */
    public StepReport learn(MiniBatch batch) {
        if (batch.examples().isEmpty()) {
            return StepReport.ofNothing(objective.temperature().value());
        }
        times.begin();
        batchTime =
                batch.examples().stream().mapToLong(TrainingExample::time).max().orElse(0);
        NegativePairs pairs = NegativePairs.of(batch).with(hardNegatives.find(batch, this));
        Candidates candidates = Candidates.of(batch, settings.loss(), pairs);
        float share =
                Math.min(1f, (float) batch.examples().size() / settings.loss().fullBatch());
        StepReport report = learn(
                batch.step(),
                users(batch),
                items(candidates.items(), Math.max(clock, batchTime)),
                candidates,
                weights(batch, share));
        return new StepReport(
                report.loss() / share, report.gradientNorm(), report.touched(), report.temperature(), report.sample());
    }

    /**
     * @param users [examples + exposed]
     * @param items as many as candidates
     * @param weights [examples]
     */
    public StepReport learn(
            long step, List<Subject> users, List<Subject> items, Candidates candidates, float[] weights) {
        Moments[] userMoments = userTower.momentsCopy();
        Moments[] itemMoments = itemTower.momentsCopy();
        users.forEach(userTower::observe);
        for (int positive : candidates.positive()) {
            itemTower.observe(items.get(positive));
        }
        List<Runnable> admissions = new ArrayList<>();
        Tower.Admissions admitted = (table, key) -> admissions.add(() -> table.retract(key));
        userTower.resolveAdmitting(users, catalogue::contains, admitted);
        itemTower.resolveAdmitting(items, catalogue::contains, admitted);
        times.lap(StepTimes.Phase.RESOLVE);

        float[] u = userTower.forwardToLearn(users, CounterRandom.bits(settings.seed(), step, USER));
        float[] v = itemTower.forwardToLearn(items, CounterRandom.bits(settings.seed(), step, ITEM));
        times.lap(StepTimes.Phase.FORWARD);

        double loss = objective.toGradients(u, v, candidates, weights, objectives(users, weights.length));
        times.lap(StepTimes.Phase.LOSS);

        userTower.backward(objective.userGradients(), users.size());
        itemTower.backward(objective.itemGradients(), items.size());
        times.lap(StepTimes.Phase.BACKWARD);

        addPenalty();
        double norm = Math.sqrt(squaredNorm(userTower) + squaredNorm(itemTower));
        double squaredRowNorm = 0;
        int touched = 0;
        for (RowGradients gradients : rowGradients.values()) {
            squaredRowNorm += gradients.squaredNorm();
            touched += gradients.count();
        }
        double rowNorm = Math.sqrt(squaredRowNorm);
        Optional<RefusedStepException.Reason> refusal = refusal(loss, norm, rowNorm);
        if (refusal.isPresent()) {
            rowGradients.values().forEach(RowGradients::clear);
            admissions.forEach(Runnable::run);
            tables.values().forEach(EmbeddingTable::forgetSightings);
            userTower.resetMoments(userMoments);
            itemTower.resetMoments(itemMoments);
            throw new RefusedStepException(refusal.get(), step, loss, norm, rowNorm);
        }
        apply(norm, step);
        noteFieldWeights(users.size(), items.size());
        keepUp();
        times.lap(StepTimes.Phase.APPLY);
        return new StepReport(loss, norm, touched, objective.temperature().value(), candidates.sample());
    }

    /**
     * Many items' vectors, as fast as may be: their last bits depend on which others are asked for with them.
     *
     * @param out [items, dim] vectors, row-major, filled: unit length; zeros for a channel without any direction yet
     */
    public void itemVectors(List<String> items, float[] out) {
        vectors(itemTower, items(items, clock), out);
    }

    /**
     * Items' vectors to the same bits in whatever company and order they are asked for: those that are published.
     *
     * @param out [items, dim] vectors, row-major, filled: unit length; zeros for a channel without any direction yet
     */
    public void publishedVectors(List<String> items, float[] out) {
        if (!items.isEmpty()) {
            List<Subject> subjects = items(items, clock);
            itemTower.resolve(subjects);
            System.arraycopy(itemTower.forwardEach(subjects), 0, out, 0, subjects.size() * dim());
        }
    }

    /**
     * As {@link #publishedVectors(List, float[])}, with how long the vectors were before they were normalised.
     *
     * @param lengths [items] filled, the mean over an item's channels
     */
    public void publishedVectors(List<String> items, float[] out, float[] lengths) {
        publishedVectors(items, out);
        itemTower.lengths(items.size(), lengths);
    }

    /**
     * @param users [n]
     * @param contexts [n]
     * @param out [n, dim] vectors, row-major, filled: each channel of unit length times its factor; zeros for one without any
     *     direction yet
     */
    public void userVectors(List<UserFeatures> users, List<Features> contexts, float[] out) {
        List<Subject> subjects = new ArrayList<>(users.size());
        for (int i = 0; i < users.size(); i++) {
            subjects.add(Subject.user(users.get(i), contexts.get(i)));
        }
        vectors(userTower, subjects, out);
    }

    /**
     * As {@link #userVectors(List, List, float[])}, by other weights of the channels.
     *
     * @param weights by channel; those of the settings for channels that it leaves out
     */
    public void userVectors(
            List<UserFeatures> users, List<Features> contexts, Map<String, Double> weights, float[] out) {
        userVectors(users, contexts, out);
        if (!weights.isEmpty() && !users.isEmpty()) {
            System.arraycopy(userTower.reweighted(users.size(), weights), 0, out, 0, users.size() * dim());
        }
    }

    /**
     * The users of examples, each asked for what they did.
     *
     * @param out [examples, dim] vectors, row-major, filled
     */
    void exampleVectors(List<TrainingExample> examples, float[] out) {
        vectors(userTower, examples.stream().map(Subject::user).toList(), out);
    }

    /** From here on, each step keeps how far it moved the rows of items. */
    public void keepMoves() {
        rowGradients.values().stream()
                .filter(gradients -> itemIdTables.contains(gradients.table().name()))
                .forEach(RowGradients::keepDistances);
    }

    /** How far the last step moved the rows of items, L2; nothing unless they are kept. */
    public void forEachMove(BiConsumer<String, Float> moved) {
        moves.forEach(moved);
    }

    /** Forgets an item's own rows. */
    public void removeItem(String item) {
        for (EmbeddingTable table : tables.values()) {
            if (itemIdTables.contains(table.name())) {
                table.remove(item);
            }
        }
        forgetRowless();
    }

    /** Forgets a user's own rows. */
    public void removeUser(String user) {
        for (EmbeddingTable table : tables.values()) {
            if (userIdTables.contains(table.name())) {
                table.remove(user);
            }
        }
        forgetRowless();
    }

    private void forgetRowless() {
        userTower.forgetRowless();
        itemTower.forgetRowless();
    }

    /**
     * What of the query side must not reach a reader, because it is not finite; absent if all is well.
     *
     * @param isWhole whether to look at all rows, not only at those that changed since the last drain
     */
    public Optional<String> unusableQuerySide(boolean isWhole) {
        for (float[] tensor : userTower.kernel().weights()) {
            if (!EmbeddingTable.areFinite(tensor, 0, tensor.length)) {
                return Optional.of("a weight of the user tower is not finite");
            }
        }
        for (int f = 0; f < userTower.features().size(); f++) {
            if (!userTower.moments(f).isFinite()) {
                return Optional.of("the statistics of user feature "
                        + userTower.features().get(f).name() + " are not finite");
            }
        }
        for (EmbeddingTable table : tables.values()) {
            if (userTables.contains(table.name()) && !table.isFinite(isWhole)) {
                return Optional.of("a row of table " + table.name() + " is not finite");
            }
        }
        return Optional.empty();
    }

    /** Lets the next drain hand over all of the query side, changed or not. */
    public void touchQuerySide() {
        isHeaderDirty = true;
        areNetworksDirty = true;
        userTower.touchMoments();
        objective.temperature().touch();
        for (EmbeddingTable table : tables.values()) {
            if (userTables.contains(table.name())) {
                table.forEach((key, row) -> table.touch(row));
            }
        }
    }

    /** Exports the user tower, from its input row, and the factors of several channels, to a vector. */
    public void exportUserTower(TowerExport to) {
        userTower.export(to, true);
    }

    /** Exports the item tower, from its input row to a vector. */
    public void exportItemTower(TowerExport to) {
        itemTower.export(to, false);
    }

    /** The channels of a user's vector, in their order. */
    public List<UserChannel> userChannels() {
        float[] factors = userTower.factorsAsSet();
        List<TowerSettings.Channel> channels = settings.towers().channels();
        return IntStream.range(0, factors.length)
                .mapToObj(c ->
                        new UserChannel(channels.get(c).name(), channels.get(c).weight(), factors[c]))
                .toList();
    }

    /** What the network of the user tower reads. */
    public List<InputField> userFields() {
        return userTower.inputFields();
    }

    /** What the network of the item tower reads. */
    public List<InputField> itemFields() {
        return itemTower.inputFields();
    }

    /** Floats of a row of each embedding table, by its name. */
    public SortedMap<String, Integer> tableWidths() {
        SortedMap<String, Integer> widths = new TreeMap<>();
        tables.forEach((name, table) -> widths.put(name, table.dim()));
        return widths;
    }

    /** The rows of a table, by their key. */
    public SortedMap<String, float[]> rows(String table) {
        EmbeddingTable named = Optional.ofNullable(tables.get(table))
                .orElseThrow(() -> new IllegalArgumentException("there is no table " + table));
        SortedMap<String, float[]> rows = new TreeMap<>();
        named.forEach((key, row) -> rows.put(key, named.copy(row)));
        return rows;
    }

    /** Channels of a vector, side by side; an item's are of the same length. */
    public int channels() {
        return settings.towers().channels().size();
    }

    /**
     * The mean weight that each field had in the last step, by {@code user} or {@code item} and the feature's name behind a dot; only
     * of towers whose fields have weights.
     */
    public SortedMap<String, Double> fieldWeights() {
        return fieldWeights;
    }

    /** Floats a vector. */
    public int dim() {
        return settings.width();
    }

    /** τ, by which the training logit divides the cosine. */
    public double temperature() {
        return objective.temperature().value();
    }

    /** What the loss of each action weighs that channels name, where that is learned. */
    public SortedMap<String, Double> objectiveWeights() {
        SortedMap<String, Double> weights = new TreeMap<>();
        if (objective.objectiveWeights().areLearned()) {
            settings.loss()
                    .objectives()
                    .weights()
                    .keySet()
                    .forEach(action ->
                            weights.put(action, objective.objectiveWeights().weight(action)));
        }
        return weights;
    }

    /** The lineage of these weights, see {@link ModelSettings#generationName}. */
    public String generation() {
        return generation;
    }

    /** Rows of all embedding tables. */
    public int rowCount() {
        return tables.values().stream().mapToInt(EmbeddingTable::size).sum();
    }

    /** Rows of all embedding tables, and what became of others. */
    public RowCounts rowCounts() {
        return new RowCounts(rowCount(), waitingSightings, expiredRows, displacedRows);
    }

    /** Whether an entry of {@link #drainDirty} says by what settings and engine the others were made, and is no weight. */
    public static boolean isHeader(byte[] key) {
        return Arrays.equals(key, ModelEntry.Header.KEY);
    }

    /** What an entry of {@link #drainDirty} is, in words; of a row, its table too. */
    public static String kind(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        if (entry instanceof ModelEntry.Row row) {
            return "rows of table " + row.table();
        }
        if (entry instanceof ModelEntry.Chunk chunk) {
            return chunk.areWeights() ? "networks" : "optimiser of the networks";
        }
        if (entry instanceof ModelEntry.Sightings sightings) {
            return "sightings of table " + sightings.table();
        }
        return "model's own";
    }

    /** Whether an entry of {@link #drainDirty} is one that {@link QueryEncoder} needs. */
    public boolean isQuerySide(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        if (entry instanceof ModelEntry.Row row) {
            return userTables.contains(row.table());
        }
        if (entry instanceof ModelEntry.Chunk chunk) {
            return chunk.side() == USER && chunk.areWeights();
        }
        if (entry instanceof ModelEntry.Statistics statistics) {
            return statistics.side() == USER;
        }
        return entry instanceof ModelEntry.Header || entry instanceof ModelEntry.LearnedLogTemperature;
    }

    /**
     * @throws FingerprintMismatchException if the stored weights were made by other settings or by another engine
     * @throws CorruptEntryException if the entry is none of this model's
     */
    @Override
    public void restore(byte[] key, byte[] value) {
        ModelEntry entry = ModelEntry.of(key);
        if (entry instanceof ModelEntry.Header) {
            ModelHeader header = ModelHeader.read(Frame.open(value));
            header.requireFingerprint(fingerprint);
            header.requireSettings(settings);
            isHeaderDirty = false;
            areNetworksDirty = false;
            isUpkeepDirty = false;
        } else if (entry instanceof ModelEntry.LearnedLogTemperature) {
            objective.temperature().restore(value);
        } else if (entry instanceof ModelEntry.LearnedObjectives) {
            objective.objectiveWeights().restore(value);
        } else if (entry instanceof ModelEntry.Upkeep) {
            ByteBuffer payload = Frame.open(value);
            clock = payload.getLong();
            waitingSightings = payload.getLong();
            expiredRows = payload.getLong();
            displacedRows = payload.getLong();
        } else if (entry instanceof ModelEntry.NetworkSteps) {
            networkSteps = Frame.open(value).getLong();
        } else if (entry instanceof ModelEntry.Sightings sightings) {
            restoreSightings(sightings, Frame.open(value));
        } else if (entry instanceof ModelEntry.Row row) {
            restoreRow(row, value);
        } else if (entry instanceof ModelEntry.Statistics statistics) {
            Tower tower = tower(statistics.side());
            for (int f = 0; f < tower.features().size(); f++) {
                if (tower.features().get(f).name().equals(statistics.feature())) {
                    tower.restoreMoments(f, ModelEntry.moments(value));
                }
            }
        } else if (entry instanceof ModelEntry.Chunk chunk) {
            float[][] tensors = tensors(chunk);
            if (chunk.tensor() < 0 || chunk.tensor() >= tensors.length) {
                throw new CorruptEntryException("the networks have no tensor " + chunk.tensor());
            }
            ModelEntry.restoreChunk(value, tensors[chunk.tensor()], chunk.chunk());
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        TreeMap<byte[], byte[]> changed = new TreeMap<>(Arrays::compareUnsigned);
        List<byte[]> gone = new ArrayList<>();
        if (isHeaderDirty) {
            changed.put(new ModelEntry.Header().key(), header());
        }
        for (Tower tower : List.of(userTower, itemTower)) {
            char side = side(tower);
            for (int f = 0; f < tower.features().size(); f++) {
                if (tower.drainMoments(f)) {
                    putMoments(tower, f, changed);
                }
            }
            if (areNetworksDirty) {
                putNetwork(side, tower, changed);
            }
        }
        if (objective.temperature().drain()) {
            changed.put(
                    new ModelEntry.LearnedLogTemperature().key(),
                    objective.temperature().entry());
        }
        if (objective.objectiveWeights().drain()) {
            changed.put(
                    new ModelEntry.LearnedObjectives().key(),
                    objective.objectiveWeights().entry());
        }
        if (areNetworksDirty && countsNetworkSteps()) {
            changed.put(new ModelEntry.NetworkSteps().key(), framed(networkSteps));
        }
        if (isUpkeepDirty) {
            changed.put(new ModelEntry.Upkeep().key(), upkeep());
        }
        isHeaderDirty = false;
        areNetworksDirty = false;
        isUpkeepDirty = false;
        for (EmbeddingTable table : tables.values()) {
            table.drain(
                    (key, row) -> putRow(table, key, row, changed),
                    key -> gone.add(new ModelEntry.Row(table.name(), key).key()));
            if (table.sightings().areAdditionsDirty()) {
                putAdditions(table, changed);
            }
            table.sightings().drain(chunk -> {
                if (table.sightings().isEmpty(chunk)) {
                    gone.add(new ModelEntry.Sightings(table.name(), chunk).key());
                } else {
                    putSightings(table, chunk, changed);
                }
            });
        }
        gone.sort(Arrays::compareUnsigned);
        changed.forEach(sink::put);
        gone.forEach(sink::delete);
    }

    /** Hands over every entry, changed or not. */
    void copyTo(EntrySink sink) {
        TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        entries.put(new ModelEntry.Header().key(), header());
        entries.put(new ModelEntry.Upkeep().key(), upkeep());
        if (objective.temperature().isLearned()) {
            entries.put(
                    new ModelEntry.LearnedLogTemperature().key(),
                    objective.temperature().entry());
        }
        if (objective.objectiveWeights().areLearned()) {
            entries.put(
                    new ModelEntry.LearnedObjectives().key(),
                    objective.objectiveWeights().entry());
        }
        for (Tower tower : List.of(userTower, itemTower)) {
            for (int f = 0; f < tower.features().size(); f++) {
                putMoments(tower, f, entries);
            }
            putNetwork(side(tower), tower, entries);
        }
        if (countsNetworkSteps()) {
            entries.put(new ModelEntry.NetworkSteps().key(), framed(networkSteps));
        }
        for (EmbeddingTable table : tables.values()) {
            table.forEach((key, row) -> putRow(table, key, row, entries));
            if (table.sightings().additions() > 0) {
                putAdditions(table, entries);
            }
            IntStream.range(0, SightingCounts.CHUNKS)
                    .filter(chunk -> !table.sightings().isEmpty(chunk))
                    .forEach(chunk -> putSightings(table, chunk, entries));
        }
        entries.forEach(sink::put);
    }

    /** Nothing is held outside the heap; kept so that an engine which does can be let go. */
    @Override
    public void close() {}

    public Tower userTower() {
        return userTower;
    }

    public Tower itemTower() {
        return itemTower;
    }

    public Map<String, EmbeddingTable> tables() {
        return tables;
    }

    public Map<String, RowGradients> rowGradients() {
        return rowGradients;
    }

    private void addPenalty() {
        float rowL2 = (float) settings.optimiser().rows().l2();
        if (rowL2 != 0f) {
            rowGradients.values().forEach(gradients -> gradients.addPenalty(rowL2));
        }
        float l2 = (float) settings.optimiser().dense().l2();
        if (l2 == 0f) {
            return;
        }
        for (Tower tower : List.of(userTower, itemTower)) {
            float[][] weights = tower.kernel().weights();
            float[][] gradients = tower.kernel().gradients();
            for (int matrix = 0; matrix < weights.length; matrix += 2) {
                for (int at = 0; at < weights[matrix].length; at++) {
                    gradients[matrix][at] += l2 * weights[matrix][at];
                }
            }
        }
    }

    private void apply(double norm, long step) {
        clock = Math.max(clock, batchTime);
        Descent dense = settings.optimiser().dense();
        double max = dense.maxGradientNorm();
        float scale = max > 0 && norm > max ? (float) (max / norm) : 1f;
        objective.temperature().apply();
        objective.objectiveWeights().apply();
        networkSteps++;
        userOptimiser.apply(scale, dense.learningRate(step), networkSteps);
        itemOptimiser.apply(scale, dense.learningRate(step), networkSteps);
        Descent rows = settings.optimiser().rows();
        moves.clear();
        for (RowGradients gradients : rowGradients.values()) {
            if (rows.maxGradientNorm() > 0) {
                gradients.clip(rows.maxGradientNorm());
            }
            gradients.apply(rows.learningRate(step), step, clock);
            noteMoves(gradients);
            gradients.clear();
        }
        areNetworksDirty = true;
    }

    private void noteMoves(RowGradients gradients) {
        for (int slot = 0; slot < gradients.count(); slot++) {
            float distance = gradients.distance(slot);
            if (distance > 0) {
                moves.merge(gradients.table().key(gradients.row(slot)), distance, Float::sum);
            }
        }
    }

    /** Counts what got no row, and takes out rows: of those not touched for long a bounded number, of those too many all. */
    private void keepUp() {
        long expireMillis = settings.tables().expireAfter().toMillis();
        for (EmbeddingTable table : tables.values()) {
            waitingSightings += table.countSightings();
            if (expireMillis > 0) {
                expiredRows += table.expire(clock - expireMillis, EXPIRED_A_STEP);
            }
            displacedRows += table.shrinkTo(settings.tables().maxRows());
        }
        isUpkeepDirty = true;
    }

    private Optional<RefusedStepException.Reason> refusal(double loss, double norm, double rowNorm) {
        if (!Double.isFinite(objective.temperature().gradient())
                || !objective.objectiveWeights().areFinite()) {
            return Optional.of(RefusedStepException.Reason.NOT_FINITE);
        }
        if (!Double.isFinite(loss) || !Double.isFinite(norm) || !Double.isFinite(rowNorm)) {
            return Optional.of(RefusedStepException.Reason.NOT_FINITE);
        }
        double max = settings.optimiser().refuseGradientNorm();
        return max > 0 && (norm > max || rowNorm > max)
                ? Optional.of(RefusedStepException.Reason.EXPLODING)
                : Optional.empty();
    }

    private static double squaredNorm(Tower tower) {
        double sum = 0;
        for (float[] tensor : tower.kernel().gradients()) {
            sum += squaredNorm(tensor);
        }
        return sum;
    }

    /** In four sums of fixed membership. */
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

    private void vectors(Tower tower, List<Subject> subjects, float[] out) {
        if (subjects.isEmpty()) {
            return;
        }
        tower.resolve(subjects);
        System.arraycopy(tower.forward(subjects), 0, out, 0, subjects.size() * dim());
    }

    private static List<Subject> users(MiniBatch batch) {
        List<Subject> users = new ArrayList<>(batch.examples().size());
        batch.examples().forEach(example -> users.add(Subject.user(example)));
        batch.exposed().forEach(example -> users.add(Subject.user(example)));
        return users;
    }

    /** @param now event time at which the items are looked at */
    private List<Subject> items(List<String> ids, long now) {
        List<Subject> items = new ArrayList<>(ids.size());
        ids.forEach(id -> items.add(catalogue
                .item(id)
                .map(item -> Subject.item(item, now))
                .orElseGet(() -> Subject.item(id, Features.NONE))));
        return items;
    }

    /**
     * Weights of a batch's examples. Those of a batch closed early are scaled down to what they would weigh in a full one: the mean
     * over a few examples is a large gradient for each, and Adagrad never forgets it.
     */
    private float[] weights(MiniBatch batch, float share) {
        SortedMap<String, Double> byAction = settings.loss().objectives().weights();
        float[] weights = new float[batch.examples().size()];
        for (int i = 0; i < weights.length; i++) {
            TrainingExample example = batch.examples().get(i);
            weights[i] = share * (float) (example.weight() * byAction.getOrDefault(example.action(), 1.0));
        }
        return weights;
    }

    private int[] objectives(List<Subject> users, int examples) {
        int[] objectives = new int[examples];
        for (int i = 0; i < examples; i++) {
            objectives[i] = settings.loss().objectives().of(users.get(i).action());
        }
        return objectives;
    }

    private void addTables(List<FeatureSpec> features, Set<String> names) {
        for (FeatureSpec feature : features) {
            if (feature.hasRows()) {
                names.add(feature.table());
                if (Tower.namesItems(feature)) {
                    itemIdTables.add(feature.table());
                }
                if (Tower.namesUsers(feature)) {
                    userIdTables.add(feature.table());
                }
                EmbeddingTable table = tables.computeIfAbsent(
                        feature.table(),
                        name -> new EmbeddingTable(
                                name,
                                feature.dim(),
                                settings.initialRows(),
                                settings.optimiser().rows().rule(),
                                settings.tables().admitAfter()));
                rowGradients.computeIfAbsent(feature.table(), name -> new RowGradients(table));
            }
        }
    }

    private Tower tower(List<FeatureSpec> features, TowerShape shape, long seed, ChannelScales scales) {
        double outputScale = settings.towers().skip() ? settings.towers().outputScale() : 1;
        TowerNetwork network = new TowerNetwork(shape, seed, outputScale);
        return new Tower(features, settings, tables, rowGradients, network, scales);
    }

    private void noteFieldWeights(int users, int items) {
        SortedMap<String, Double> weights = new TreeMap<>();
        putFieldWeights("user.", userTower, users, weights);
        putFieldWeights("item.", itemTower, items, weights);
        fieldWeights = Collections.unmodifiableSortedMap(weights);
    }

    private static void putFieldWeights(String side, Tower tower, int n, Map<String, Double> weights) {
        tower.kernel().meanFieldWeights(n).ifPresent(means -> {
            for (int f = 0; f < means.length; f++) {
                weights.put(side + tower.features().get(f).name(), means[f]);
            }
        });
    }

    private Tower tower(char side) {
        return switch (side) {
            case USER -> userTower;
            case ITEM -> itemTower;
            default -> throw new CorruptEntryException("there is no tower " + side);
        };
    }

    private DenseOptimiser optimiser(char side) {
        return side == USER ? userOptimiser : itemOptimiser;
    }

    /** The tensors that a stored part belongs to. */
    private float[][] tensors(ModelEntry.Chunk chunk) {
        if (chunk.areWeights()) {
            return tower(chunk.side()).kernel().weights();
        }
        float[][][] slots = optimiser(chunk.side()).slots();
        int slot = chunk.kind() - ModelEntry.Chunk.SLOTS;
        if (slot >= slots.length) {
            throw new CorruptEntryException("the networks' optimiser has no slot " + slot);
        }
        return slots[slot];
    }

    private boolean countsNetworkSteps() {
        return settings.optimiser().dense().rule().countsSteps();
    }

    private char side(Tower tower) {
        return tower == userTower ? USER : ITEM;
    }

    private byte[] header() {
        return ModelHeader.of(fingerprint, settings).framed();
    }

    private byte[] upkeep() {
        return new Fields()
                .longInteger(clock)
                .longInteger(waitingSightings)
                .longInteger(expiredRows)
                .longInteger(displacedRows)
                .framed();
    }

    private void restoreSightings(ModelEntry.Sightings entry, ByteBuffer payload) {
        EmbeddingTable table = tables.get(entry.table());
        if (table == null) {
            throw new CorruptEntryException("there is no table " + entry.table() + " here to have seen keys");
        }
        if (entry.chunk() == ModelEntry.Sightings.ADDITIONS) {
            table.sightings().restoreAdditions(payload.getLong());
            return;
        }
        byte[] counts = new byte[payload.remaining()];
        payload.get(counts);
        table.sightings().restoreChunk(entry.chunk(), counts);
    }

    private void restoreRow(ModelEntry.Row row, byte[] value) {
        EmbeddingTable table = tables.get(row.table());
        ByteBuffer payload = Frame.open(value);
        float[] floats = Fields.floats(payload);
        float[] slots = Fields.floats(payload);
        if (table == null
                || floats.length != table.dim()
                || slots.length != table.slotsARow()
                || payload.remaining() != 2 * Long.BYTES) {
            throw new CorruptEntryException(
                    "no table here holds a row of " + floats.length + " floats of " + row.table());
        }
        table.put(row.rowKey(), floats, slots, payload.getLong(), payload.getLong());
    }

    private void putMoments(Tower tower, int f, Map<byte[], byte[]> entries) {
        FeatureSpec feature = tower.features().get(f);
        if (feature.kind() == FeatureSpec.Kind.NUMERIC) {
            entries.put(
                    new ModelEntry.Statistics(side(tower), feature.name()).key(), ModelEntry.moments(tower.moments(f)));
        }
    }

    private void putNetwork(char side, Tower tower, Map<byte[], byte[]> entries) {
        putTensors(ModelEntry.Chunk.WEIGHTS, side, tower.kernel().weights(), entries);
        float[][][] slots = optimiser(side).slots();
        for (int slot = 0; slot < slots.length; slot++) {
            putTensors((char) (ModelEntry.Chunk.SLOTS + slot), side, slots[slot], entries);
        }
    }

    private static void putTensors(char kind, char side, float[][] tensors, Map<byte[], byte[]> entries) {
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            for (int chunk = 0; chunk < ModelEntry.chunks(tensors[tensor]); chunk++) {
                entries.put(
                        new ModelEntry.Chunk(kind, side, tensor, chunk).key(),
                        ModelEntry.chunk(tensors[tensor], chunk));
            }
        }
    }

    private static void putRow(EmbeddingTable table, String key, int row, Map<byte[], byte[]> entries) {
        entries.put(
                new ModelEntry.Row(table.name(), key).key(),
                ModelEntry.row(
                        table.copy(row),
                        table.slotsCopy(row),
                        table.recency().moment(row),
                        table.recency().time(row)));
    }

    private static void putSightings(EmbeddingTable table, int chunk, Map<byte[], byte[]> entries) {
        byte[] counts = table.sightings().chunk(chunk);
        entries.put(
                new ModelEntry.Sightings(table.name(), chunk).key(),
                Frame.seal(Frame.allocate(counts.length).put(counts)));
    }

    private static void putAdditions(EmbeddingTable table, Map<byte[], byte[]> entries) {
        entries.put(
                new ModelEntry.Sightings(table.name(), ModelEntry.Sightings.ADDITIONS).key(),
                framed(table.sightings().additions()));
    }

    private static byte[] framed(long value) {
        return Frame.seal(Frame.allocate(Long.BYTES).putLong(value));
    }
}
