package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.graph.GraphInput;
import dev.millrace.model.loss.Candidates;
import dev.millrace.model.loss.NegativePairs;
import dev.millrace.model.loss.Objective;
import dev.millrace.model.network.TowerSettings;
import dev.millrace.model.table.Descent;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Two towers over growing embedding tables (two-tower retrieval, Yi et al. 2019). One mini-batch is one step. One thread. */
public final class TwoTower implements Durable {

    /*
     * The step, in the order of the formulas:
     *
     *   rows -> input rows (FeatureInputs) -> networks -> unit vectors u, v (Tower)
     *   -> s = <u, v> / temperature -> l = s + b log p - log Q -> loss (Objective)
     *   -> the same way back -> penalties -> clip -> optimisers of networks and rows.
     *
     * Invariant. A step is applied whole or not at all. Loss and gradients are checked before any weight changes. A refused step
     * resets the statistics from copies, retracts the rows that it admitted, and discards its sightings. Rows that were removed
     * before it stay removed.
     *
     * Same bits. All draws of a step use the seed of the settings and the number of the step. Sums have one fixed order. The native
     * products run on one thread; what the team shares is cut where no number depends on the cut. So the weights are a function of the settings and the log, for one NumericFingerprint.
     *
     * Layout. Matrices are row-major float arrays, one row for each user or item. The rows of users are the examples, then
     * the exposures without a click. The rows of items are the candidates, each item once.
     *
     * Threads. One: the learner's. Its loops are shared with the engine's team, which changes no bit (Team). Vectors that it returns are copied to the caller's arrays.
     */

    /** First byte of the keys of a model's entries. */
    public static final char PREFIX = (char) ModelEntry.PREFIX;

    private final ModelSettings settings;
    private final Catalogue catalogue;
    private final String generation;
    private final boolean readsItemsOfHistories; // asked for each entry of a drain
    private final StepTimes times;
    private final EmbeddingTables tables;
    private final Tower userTower;
    private final Tower itemTower;
    private final Objective objective;
    private final HardNegatives hardNegatives;
    private final TableUpkeep upkeep = new TableUpkeep();
    private final Mixture mixture;
    private final ModelState state;

    private SortedMap<String, Double> fieldWeights = Collections.emptySortedMap();
    private long changes;

    /**
     * @param catalogue read for item features; the caller applies a batch's changes to it before {@link #learn}
     * @throws IllegalStateException if the process may use several native threads, see {@link NumericFingerprint}
     */
    public TwoTower(ModelSettings settings, Catalogue catalogue) {
        this(
                settings,
                catalogue,
                StepEngine.alone(Engine.VECTOR),
                RowStorage.ON_THE_HEAP,
                StepTimes.UNTIMED,
                new Mixture(1, 0));
    }

    /** @param times called at the end of each phase of a step, on the learner's thread */
    public TwoTower(
            ModelSettings settings,
            Catalogue catalogue,
            StepEngine engine,
            RowStorage rows,
            StepTimes times,
            Mixture mixture) {
        this.mixture = mixture;
        this.settings = settings;
        this.catalogue = catalogue;
        this.times = times;
        this.generation = settings.generationName();
        this.readsItemsOfHistories = settings.user().stream().anyMatch(FeatureSpec::isHistoryOfFeature);
        this.tables = new EmbeddingTables(settings, rows, engine);
        this.userTower = new Tower(Side.USER, settings, tables, catalogue, engine);
        this.itemTower = new Tower(Side.ITEM, settings, tables, catalogue, engine);
        this.objective = new Objective(settings.loss(), engine, settings.width());
        this.hardNegatives = new HardNegatives(
                settings.loss().negatives().hardByModel(), catalogue, engine.products(), settings.width());
        Map<Side, Tower> towers = new TreeMap<>(Map.of(Side.USER, userTower, Side.ITEM, itemTower));
        this.state = new ModelState(
                settings,
                NumericFingerprint.require(engine.kind(), settings),
                tables,
                towers,
                objective,
                upkeep,
                mixture);
    }

    /**
     * Runs one learning step.
     *
     * @throws RefusedStepException if loss or gradient is not finite, or the gradient is longer than the settings allow;
     *     nothing is applied then
     */
    public StepReport learn(MiniBatch logged) {
        if (logged.examples().isEmpty()) {
            return StepReport.ofNothing(objective.temperature().value());
        }
        changes++;
        MiniBatch batch = logged.asLearnt();
        times.begin();
        long batchTime = batch.latestTime();
        NegativePairs pairs = NegativePairs.of(batch).with(hardNegatives.find(batch, this));
        Candidates candidates = Candidates.of(batch, settings.loss(), pairs);
        List<Subject> users = shown(batch).map(Subject::user).toList();
        double[] weights = shown(batch).mapToDouble(TrainingExample::weight).toArray();
        List<Subject> items = items(candidates.items(), Math.max(upkeep.clock(), batchTime));
        tables.makeRoom();
        resolve(users, weights, items, candidates.positive());
        times.lap(StepTimes.Phase.RESOLVE);

        float[] u = userTower.forwardToLearn(users, seed(batch.step(), Side.USER));
        float[] v = itemTower.forwardToLearn(items, seed(batch.step(), Side.ITEM));
        times.lap(StepTimes.Phase.FORWARD);

        double loss = objective.toGradients(u, v, candidates, batch);
        times.lap(StepTimes.Phase.LOSS);

        userTower.backward(objective.userGradients(), users.size());
        itemTower.backward(objective.itemGradients(), items.size());
        times.lap(StepTimes.Phase.BACKWARD);

        addPenalty();
        double norm = Math.sqrt(userTower.squaredGradientNorm() + itemTower.squaredGradientNorm());
        double rowNorm = tables.gradientNorm();
        Optional<RefusedStepException.Reason> refusal = refusal(loss, norm, rowNorm);
        if (refusal.isPresent()) {
            userTower.inputs().forgetObserved();
            itemTower.inputs().forgetObserved();
            tables.forgetStep();
            throw new RefusedStepException(refusal.get(), batch.step(), loss, norm, rowNorm);
        }
        upkeep.reach(batchTime);
        apply(batch.step(), norm);
        tables.keepUp(upkeep);
        noteFieldWeights(users.size(), items.size());
        times.lap(StepTimes.Phase.APPLY);
        return new StepReport(
                loss / settings.loss().share(batch),
                norm,
                objective.temperature().value(),
                candidates.sample());
    }

    /**
     * Adds the numbers of the users and of the examples' items to the statistics, finds all rows, and admits new ones.
     *
     * @param weights [users] of the examples; in the statistics none counts more than 1
     * @param positive [examples] place of each example's item among the items
     */
    private void resolve(List<Subject> users, double[] weights, List<Subject> items, int[] positive) {
        double[] alike = new double[positive.length];
        Arrays.fill(alike, 1);
        FeatureInputs ofUsers = userTower.inputs();
        FeatureInputs ofItems = itemTower.inputs();
        ofUsers.observe(
                users, Arrays.stream(weights).map(each -> Math.min(1, each)).toArray());
        ofItems.observe(Arrays.stream(positive).mapToObj(items::get).toList(), alike);
        ofUsers.resolveAdmitting(users, catalogue::contains);
        ofItems.resolveAdmitting(items, catalogue::contains);
    }

    private void addPenalty() {
        tables.addPenalty((float) settings.optimiser().rows().l2());
        float l2 = (float) settings.optimiser().dense().l2();
        if (l2 != 0f) {
            userTower.addPenalty(l2);
            itemTower.addPenalty(l2);
        }
    }

    private Optional<RefusedStepException.Reason> refusal(double loss, double norm, double rowNorm) {
        boolean isFinite = Double.isFinite(objective.temperature().gradient())
                && objective.objectiveWeights().areFinite()
                && Double.isFinite(loss)
                && Double.isFinite(norm)
                && Double.isFinite(rowNorm);
        if (!isFinite) {
            return Optional.of(RefusedStepException.Reason.NOT_FINITE);
        }
        double max = settings.optimiser().refuseGradientNorm();
        return max > 0 && (norm > max || rowNorm > max)
                ? Optional.of(RefusedStepException.Reason.EXPLODING)
                : Optional.empty();
    }

    /** Updates all weights from their gradients. The gradients of the networks are clipped together. */
    private void apply(long step, double norm) {
        Descent dense = settings.optimiser().dense();
        double max = dense.maxGradientNorm();
        float scale = max > 0 && norm > max ? (float) (max / norm) : 1f;
        long count = state.countNetworkStep();
        objective.temperature().apply();
        objective.objectiveWeights().apply();
        userTower.optimiser().apply(scale, dense.learningRate(step), count);
        itemTower.optimiser().apply(scale, dense.learningRate(step), count);
        tables.apply(step, upkeep.clock());
    }

    private long seed(long step, Side side) {
        return CounterRandom.bits(settings.seed(), step, side.code());
    }

    /** The examples, then the exposures without a click. */
    private static Stream<TrainingExample> shown(MiniBatch batch) {
        return Stream.concat(batch.examples().stream(), batch.exposed().stream());
    }

    /** @param now event time that the items' age counts to */
    private List<Subject> items(List<String> ids, long now) {
        List<Subject> items = new ArrayList<>(ids.size());
        int[] numbers = catalogue.numbers(ids);
        for (int at = 0; at < numbers.length; at++) {
            items.add(
                    numbers[at] == Catalogue.NO_NUMBER
                            ? Subject.item(ids.get(at), Features.NONE)
                            : listed(numbers[at], now));
        }
        return items;
    }

    /** Returns an item of the catalogue; no CatalogueItem, which would check each id again. */
    private Subject listed(int number, long now) {
        return Subject.item(catalogue.itemAt(number), catalogue.features(number), catalogue.timeAt(number), now);
    }

    private void noteFieldWeights(int users, int items) {
        SortedMap<String, Double> weights = new TreeMap<>();
        userTower.putFieldWeights(users, weights);
        itemTower.putFieldWeights(items, weights);
        fieldWeights = Collections.unmodifiableSortedMap(weights);
    }

    /**
     * Computes items' vectors, those that are published. The bits of a vector do not depend on the other items in the call.
     *
     * @param out [items, dim] vectors, row-major, filled: unit length; zeros for a channel without a direction
     */
    public void itemVectors(List<String> items, float[] out) {
        vectors(itemTower, items(items, upkeep.clock()), out);
    }

    /**
     * As {@link #itemVectors(List, float[])}, for items that come by once: their rows do not drive those of the steps off the heap.
     *
     * @param numbers of items of the catalogue, from {@code from} on, below {@code to}
     */
    public void passingItemVectors(int[] numbers, int from, int to, float[] out) {
        List<Subject> items = new ArrayList<>(to - from);
        for (int at = from; at < to; at++) {
            items.add(listed(numbers[at], upkeep.clock()));
        }
        tables.pass(() -> vectors(itemTower, items, out));
    }

    /** Also fills {@code lengths}, [items]: the mean length of an item's channels before they were normalised. */
    public void itemVectors(List<String> items, float[] out, float[] lengths) {
        itemVectors(items, out);
        itemTower.lengths(items.size(), lengths);
    }

    /**
     * Computes users' vectors.
     *
     * @param users [n]
     * @param contexts [n]
     * @param out [n, dim] vectors, row-major, filled: each channel of unit length times its factor; zeros for a channel
     *     without a direction
     */
    public void userVectors(List<UserFeatures> users, List<Features> contexts, float[] out) {
        List<Subject> subjects = new ArrayList<>(users.size());
        for (int i = 0; i < users.size(); i++) {
            subjects.add(Subject.user(users.get(i), contexts.get(i)));
        }
        vectors(userTower, subjects, out);
    }

    /**
     * As {@link #userVectors(List, List, float[])}, with other weights of the channels.
     *
     * @param weights by channel; a channel that it leaves out has the weight of the settings
     */
    public void userVectors(
            List<UserFeatures> users, List<Features> contexts, Map<String, Double> weights, float[] out) {
        userVectors(users, contexts, out);
        if (!weights.isEmpty() && !users.isEmpty()) {
            System.arraycopy(userTower.reweighted(users.size(), weights), 0, out, 0, users.size() * dim());
        }
    }

    /**
     * Computes the vectors of the examples' users, each with the channel factors of the example's action.
     *
     * @param out [examples, dim] vectors, row-major, filled
     */
    void exampleVectors(List<TrainingExample> examples, float[] out) {
        vectors(userTower, examples.stream().map(Subject::user).toList(), out);
    }

    private void vectors(Tower tower, List<Subject> subjects, float[] out) {
        if (!subjects.isEmpty()) {
            tables.makeRoom();
            tower.inputs().resolve(subjects);
            System.arraycopy(tower.forward(subjects), 0, out, 0, subjects.size() * dim());
        }
    }

    /** Returns a number that is another one whenever vectors may have changed. */
    public long changes() {
        return changes;
    }

    /** From now on, each step records how far it moves the rows of items. */
    public void keepMoves() {
        tables.keepMoves();
    }

    /** Returns the items whose rows the last step moved; none before {@link #keepMoves}. */
    public MovedItems moved() {
        return tables.moved();
    }

    /** Forgets an item's own rows. */
    public void removeItem(String item) {
        remove(item, true);
    }

    /** Forgets a user's own rows. */
    public void removeUser(String user) {
        remove(user, false);
    }

    private void remove(String key, boolean isItem) {
        changes++;
        tables.remove(key, isItem);
        userTower.inputs().forgetRowless();
        itemTower.inputs().forgetRowless();
    }

    /**
     * Returns which part of the query side that the next drain hands over is not finite and so must not be published; empty if all is finite.
     *
     * @param isAnew whether {@link #touchQuerySide} comes before that drain
     */
    public Optional<String> unusableQuerySide(boolean isAnew) {
        for (float[] tensor : userTower.weights()) {
            if (!Loops.now().areFinite(tensor, 0, tensor.length)) {
                return Optional.of("a weight of the user tower is not finite");
            }
        }
        return state.unusableRow(isAnew);
    }

    /** Makes the next drains hand over all entries of the query side, changed or not, some of many rows at a time. */
    public void touchQuerySide() {
        state.touchQuerySide();
    }

    /** Returns true if the next drain hands over the last of them. */
    public boolean isQuerySideNearlyOut() {
        return state.isQuerySideNearlyOut();
    }

    /** Exports a tower, from its input row to a vector. The factors of a user tower of several channels are an input too. */
    public void exportTower(Side side, TowerExport to) {
        tower(side).export(to);
    }

    /** Returns the input fields of a tower's network. */
    public List<InputField> inputFields(Side side) {
        return tower(side).inputs().fields();
    }

    /** Returns the histories that graphs of a tower read, row by row. */
    public List<GraphInput> sequences(Side side) {
        return tower(side).kernel().shape().sequences();
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

    /** Returns the width of the rows of each embedding table, by its name. */
    public SortedMap<String, Integer> tableWidths() {
        SortedMap<String, Integer> widths = new TreeMap<>();
        tables.byName().forEach((name, table) -> widths.put(name, table.dim()));
        return widths;
    }

    /** Returns the number of rows of each embedding table, by its name. */
    public SortedMap<String, Long> tableSizes() {
        SortedMap<String, Long> sizes = new TreeMap<>();
        tables.byName().forEach((name, table) -> sizes.put(name, table.size()));
        return sizes;
    }

    /** As {@link EmbeddingTable#forEachRow}. */
    public void forEachRow(String table, BiConsumer<String, float[]> visitor) {
        Optional.ofNullable(tables.byName().get(table))
                .orElseThrow(() -> new IllegalArgumentException("there is no table " + table))
                .forEachRow(visitor);
    }

    /** Number of multiply-adds that the vector of one user or item takes: those of the dense layers, and one for each number of the input. */
    public long multiplyAdds(Side side) {
        return tower(side).multiplyAdds();
    }

    /** Number of channels of a vector. */
    public int channels() {
        return settings.towers().channels().size();
    }

    /**
     * The mean weight of each field in the last step, by {@code user} or {@code item}, a dot and the feature's name. Only of
     * towers whose fields have weights.
     */
    public SortedMap<String, Double> fieldWeights() {
        return fieldWeights;
    }

    /** Floats of a vector. */
    public int dim() {
        return settings.width();
    }

    /** τ, which divides the cosine in the training logit. */
    public double temperature() {
        return objective.temperature().value();
    }

    /** The learned weights of the parts of a score. */
    public Mixture mixture() {
        return mixture;
    }

    /** Learned weight of the loss of each action that channels name; empty if the weights are not learned. */
    public SortedMap<String, Double> objectiveWeights() {
        SortedMap<String, Double> weights = new TreeMap<>();
        settings.learnedObjectives()
                .forEach(action ->
                        weights.put(action, objective.objectiveWeights().weight(action)));
        return weights;
    }

    /** The lineage of these weights, see {@link ModelSettings#generationName}. */
    public String generation() {
        return generation;
    }

    /** Returns what is on the heap of the embedding rows. */
    public HeapRows heapRows() {
        return tables.heapRows();
    }

    /** Returns the sum of the entries of all rows as of the last drain. */
    public EntrySum rowSum() {
        return tables.rowSum();
    }

    /**
     * Begins with the stored rows, when all other entries have been restored.
     *
     * @param checked largest number of rows of a table that are read here and now, to be checked
     */
    public void begin(long checked) {
        tables.begin(checked);
    }

    /** Counts of the rows of all embedding tables. */
    public RowCounts rowCounts() {
        return upkeep.counts(tables.rowCount());
    }

    /** Returns whether the user tower reads features of the items of histories, from the catalogue. */
    public boolean readsItemsOfHistories() {
        return readsItemsOfHistories;
    }

    /** Returns whether {@link QueryEncoder} needs an entry of {@link #drainDirty}. */
    public boolean isQuerySide(byte[] key) {
        return ModelEntry.of(key).isQuerySide(tables::isUserTable);
    }

    /**
     * Restores one stored entry.
     *
     * @throws FingerprintMismatchException if the stored weights come from other settings or another engine
     * @throws CorruptEntryException if the entry does not belong to this model
     */
    @Override
    public void restore(byte[] key, byte[] value) {
        changes++;
        state.restore(key, value);
    }

    @Override
    public void drainDirty(EntrySink sink) {
        state.drainDirty(sink);
    }

    private Tower tower(Side side) {
        return side.of(userTower, itemTower);
    }

    ModelState state() {
        return state;
    }

    Tower userTower() {
        return userTower;
    }

    Tower itemTower() {
        return itemTower;
    }

    SortedMap<String, EmbeddingTable> tables() {
        return tables.byName();
    }
}
