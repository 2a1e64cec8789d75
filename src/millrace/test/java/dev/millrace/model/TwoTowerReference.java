package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.Pooling;
import dev.millrace.model.loss.LearnedTemperature;
import dev.millrace.model.loss.LossReference;
import dev.millrace.model.loss.NegativePairs;
import dev.millrace.model.network.NetworkReference;
import dev.millrace.model.table.Descent;
import dev.millrace.model.table.EmbeddingTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The slow, obvious twin of a step of {@link TwoTower}, in double precision. It follows the formulas: one column for each example
 * and each negative. A gradient is a central finite difference of the loss.
 *
 * <p>Each step begins with the learner's weights. It moves a sample of them: some of each tensor, and some of the rows.
 */
public final class TwoTowerReference {

    private static final double DIFFERENCE = 1e-6;
    private static final int SAMPLE = 6; // weights of a tensor
    private static final int ROWS = 6; // one of so many is moved

    private final ModelSettings settings;
    private final Catalogue catalogue;
    private final boolean isWhole;
    private final int userTensors; // without the weights of places
    private final NetworkReference userNetwork;
    private final NetworkReference itemNetwork;
    private double[][] user = {};
    private double[][] item = {};
    /** By table and key. */
    private final Map<String, double[]> rows = new TreeMap<>();

    private final Map<String, OptimiserReference> optimisers = new TreeMap<>();
    private final Map<String, MomentsReference> numbers = new TreeMap<>();
    private final double[] logTemperature;
    private double temperatureSum = 0.001;
    /** By action; empty unless they are learned. */
    private final Map<String, double[]> logVariances = new TreeMap<>();

    private final Map<String, Double> varianceSums = new TreeMap<>();
    /** Of this step, with what is a constant of its gradient. */
    private Optional<LossReference> formula = Optional.empty();

    private final Set<String> read = new TreeSet<>();

    /** @param isWhole whether it moves all weights, which a clip of the networks' gradient needs */
    TwoTowerReference(ModelSettings settings, Catalogue catalogue, boolean isWhole) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.isWhole = isWhole;
        this.userTensors = settings.shape(Side.USER).tensors();
        this.userNetwork = new NetworkReference(settings, true);
        this.itemNetwork = new NetworkReference(settings, false);
        this.logTemperature = new double[] {Math.log(settings.loss().temperature())};
        if (settings.loss().objectives().areLearned()) {
            settings.loss().objectives().weights().keySet().forEach(action -> logVariances.put(action, new double[1]));
        }
    }

    int rowCount() {
        return rows.size();
    }

    /** e^−s, by action. */
    Map<String, Double> objectiveWeights() {
        Map<String, Double> weights = new TreeMap<>();
        logVariances.forEach((action, number) -> weights.put(action, Math.exp(-number[0])));
        return weights;
    }

    double temperature() {
        return Math.exp(logTemperature[0]);
    }

    /** Returns the sample of the learner's weights, by the names of tensors and rows. */
    Map<String, double[]> sample(TwoTower model) {
        user = doubles(model.userTower().weights());
        item = doubles(model.itemTower().weights());
        Map<String, double[]> sample = new TreeMap<>();
        tensors()
                .forEach((name, tensor) -> sample.put(
                        name,
                        Arrays.stream(places(tensor))
                                .mapToDouble(at -> tensor[at])
                                .toArray()));
        rows.forEach((name, row) -> {
            String[] parts = name.split("/", 2);
            EmbeddingTable table = Objects.requireNonNull(model.tables().get(parts[0]));
            int at = table.row(parts[1]) * table.dim();
            Arrays.setAll(row, d -> table.values()[at + d]);
            if (isMoved(name)) {
                sample.put(name, row.clone());
            }
        });
        return sample;
    }

    private Map<String, double[]> tensors() {
        Map<String, double[]> tensors = new TreeMap<>();
        IntStream.range(0, user.length).forEach(tensor -> tensors.put("user " + tensor, user[tensor]));
        IntStream.range(0, item.length).forEach(tensor -> tensors.put("item " + tensor, item[tensor]));
        return tensors;
    }

    private int[] places(double[] tensor) {
        int count = isWhole ? tensor.length : Math.min(SAMPLE, tensor.length);
        return IntStream.range(0, count)
                .map(at -> count == 1 ? 0 : at * (tensor.length - 1) / (count - 1))
                .toArray();
    }

    private boolean isMoved(String row) {
        return Math.floorMod(row.hashCode(), ROWS) == 0;
    }

    /** Moves the sample, which is the learner's before the step. Returns the loss before the step. */
    double learn(MiniBatch batch, Map<String, double[]> sample) {
        shown(batch).forEach(this::observeUser);
        batch.examples().forEach(example -> observe('i', settings.item(), item(example.item()), 1));
        numbers.values().forEach(MomentsReference::settle);
        formula = Optional.empty();
        read.clear();
        double loss = loss(batch);
        Map<String, double[]> gradients = new TreeMap<>();
        tensors().forEach((name, tensor) -> gradients.put(name, differences(tensor, places(tensor), batch)));
        double norm = Math.sqrt(
                gradients.values().stream().mapToDouble(each -> dot(each, each)).sum());
        Map<String, double[]> rowGradients = new TreeMap<>();
        read.stream().filter(this::isMoved).toList().forEach(name -> {
            double[] row = row(name);
            double[] gradient = differences(row, IntStream.range(0, row.length).toArray(), batch);
            Arrays.setAll(
                    gradient, d -> gradient[d] + settings.optimiser().rows().l2() * row[d]);
            rowGradients.put(name, gradient);
        });
        if (settings.loss().learnedTemperature().isLearned()) {
            applyTemperature(differences(logTemperature, new int[] {0}, batch)[0]);
        }
        Map<String, Double> varianceGradients = new TreeMap<>();
        logVariances.forEach(
                (action, number) -> varianceGradients.put(action, differences(number, new int[] {0}, batch)[0]));
        varianceGradients.forEach(this::applyVariance);
        Descent dense = settings.optimiser().dense();
        gradients.forEach((name, gradient) -> optimiser(name, dense, sample)
                .moveEach(
                        of(sample, name),
                        clipped(gradient, isWhole ? norm : 0, dense.maxGradientNorm()),
                        batch.step()));
        Descent ofRows = settings.optimiser().rows();
        rowGradients.forEach((name, gradient) -> {
            sample.putIfAbsent(name, row(name).clone());
            double[] clipped = clipped(gradient, Math.sqrt(dot(gradient, gradient)), ofRows.maxGradientNorm());
            optimiser(name, ofRows, sample).moveRow(of(sample, name), clipped, batch.step());
        });
        return loss / share(batch);
    }

    private OptimiserReference optimiser(String name, Descent descent, Map<String, double[]> sample) {
        return optimisers.computeIfAbsent(name, absent -> new OptimiserReference(descent, of(sample, name)));
    }

    private static double[] clipped(double[] gradient, double norm, double max) {
        double scale = max > 0 && norm > max ? max / norm : 1;
        return Arrays.stream(gradient).map(g -> g * scale).toArray();
    }

    private static Stream<TrainingExample> shown(MiniBatch batch) {
        return Stream.concat(batch.examples().stream(), batch.exposed().stream());
    }

    /** Weight of a batch of this size, relative to a full one. */
    private double share(MiniBatch batch) {
        return Math.min(1, (double) batch.examples().size() / settings.loss().fullBatch());
    }

    /** Mean loss over the columns of the formula, times the weight of the batch. */
    private double loss(MiniBatch batch) {
        double[][] users = shown(batch)
                .map(example -> joined(
                        userNetwork.channels(user, input('u', settings.user(), Subject.user(example))),
                        weights(example.action())))
                .toArray(double[][]::new);
        Set<String> items = new LinkedHashSet<>();
        shown(batch).forEach(example -> items.add(example.item()));
        items.addAll(batch.negatives());
        items.addAll(batch.draws().hard());
        Map<String, double[]> vectors = new TreeMap<>();
        for (String id : items) {
            vectors.put(id, joined(itemNetwork.channels(item, input('i', settings.item(), item(id))), new double[0]));
        }
        if (formula.isEmpty()) {
            LossReference fresh = new LossReference(settings.loss(), batch, NegativePairs.of(batch));
            fresh.freeze(users, id -> of(vectors, id), temperature());
            formula = Optional.of(fresh);
        }
        double mean = formula.get().loss(users, id -> of(vectors, id), temperature(), logVariances);
        double penalty = 0;
        for (int matrix = 0; matrix < userTensors; matrix += 2) {
            penalty += dot(user[matrix], user[matrix]);
        }
        for (int matrix = 0; matrix < item.length; matrix += 2) {
            penalty += dot(item[matrix], item[matrix]);
        }
        return share(batch) * mean + settings.optimiser().dense().l2() / 2 * penalty;
    }

    private Subject item(String id) {
        CatalogueItem item = catalogue.item(catalogue.number(id).orElseThrow());
        return Subject.item(id, item.features(), item.time(), Scenes.TIME);
    }

    private double[] input(char side, List<FeatureSpec> features, Subject subject) {
        double[] input = new double[features.stream().mapToInt(FeatureSpec::dim).sum()];
        int at = 0;
        for (FeatureSpec feature : features) {
            System.arraycopy(part(side, feature, subject), 0, input, at, feature.dim());
            at += feature.dim();
        }
        return input;
    }

    /** [channels] Weights in the score of an action that a channel names: 1 or 0 for those that name actions. Of another one: as set. */
    private double[] weights(String action) {
        boolean isNamed = settings.towers().actions().contains(action);
        return settings.towers().channels().stream()
                .mapToDouble(channel -> channel.actions().isEmpty() || !isNamed
                        ? channel.weight()
                        : channel.actions().contains(action) ? 1 : 0)
                .toArray();
    }

    /** The channels at unit length, side by side, scaled so that an inner product is the weighted mean of their cosines. */
    private static double[] joined(List<double[]> channels, double[] weights) {
        double sum = Arrays.stream(weights).sum();
        int dim = channels.get(0).length;
        double[] joined = new double[channels.size() * dim];
        for (int c = 0; c < channels.size(); c++) {
            double[] channel = channels.get(c);
            double factor = (weights.length == 0 ? 1 : weights[c] / sum) / Math.sqrt(dot(channel, channel));
            for (int d = 0; d < dim; d++) {
                joined[c * dim + d] = factor * channel[d];
            }
        }
        return joined;
    }

    private double[] part(char side, FeatureSpec feature, Subject subject) {
        Optional<FeatureValue> value = value(feature, subject);
        double[] part = new double[feature.dim()];
        if (feature.isHistoryOfFeature()) {
            FeatureSpec ofItem = settings.item().stream()
                    .filter(each -> feature.name().equals("history." + each.name()))
                    .findFirst()
                    .orElseThrow();
            List<double[]> found = new ArrayList<>();
            subject.history().stream()
                    .limit(feature.maxValues())
                    .map(this::item)
                    .filter(each -> each.features().value(ofItem.name()).isPresent())
                    .forEach(each -> found.add(part('i', ofItem, each)));
            poolRows(feature, found, part);
            return part;
        }
        switch (feature.kind()) {
            case ID -> pool(feature, List.of(subject.id()), part);
            case CATEGORICAL ->
                pool(
                        feature,
                        List.of(value.map(found -> found.match(
                                        FeatureValue.Category::value,
                                        quantity -> "" + Math.round(quantity.value()),
                                        TwoTowerReference::notACategory,
                                        TwoTowerReference::notACategory))
                                .orElse(Subject.ABSENT)),
                        part);
            case BAG -> {
                List<String> keys = feature.source() == FeatureSpec.Source.HISTORY
                        ? subject.history()
                        : value.map(bag -> ((FeatureValue.Bag) bag).values()).orElse(List.of());
                pool(feature, keys.subList(0, Math.min(keys.size(), feature.maxValues())), part);
            }
            case TEXT -> {
                String text = value.map(found -> ((FeatureValue.Category) found).value())
                        .orElse("");
                pool(feature, feature.grams().keys(List.of(text), feature.maxValues()), part);
            }
            case AGE -> {
                double hours = (Scenes.TIME - subject.appeared()) / 3_600_000.0;
                long bucket = hours < 1 ? 0 : (long) Math.pow(2, Math.floor(Math.log(hours) / Math.log(2)));
                pool(feature, List.of("" + bucket), part);
            }
            case NUMERIC ->
                part[0] = value.map(number -> Objects.requireNonNull(numbers.get(side + feature.name()))
                                .normalise(((FeatureValue.Quantity) number).value()))
                        .orElse(0.0);
            case VECTOR -> {
                List<Float> dense = value.map(found -> ((FeatureValue.Dense) found).values())
                        .orElse(List.of());
                for (int d = 0; d < dense.size(); d++) {
                    part[d] = dense.get(d);
                }
            }
        }
        return part;
    }

    private static Optional<FeatureValue> value(FeatureSpec feature, Subject subject) {
        return (feature.source() == FeatureSpec.Source.CONTEXT ? subject.context() : subject.features())
                .value(feature.name());
    }

    private void pool(FeatureSpec feature, List<String> keys, double[] part) {
        List<double[]> found = new ArrayList<>();
        for (String key : keys) {
            String name = feature.table() + "/" + key;
            read.add(name);
            found.add(rows.computeIfAbsent(
                    name,
                    absent -> doubles(new float[][] {settings.initialRows().row(feature.table(), key, feature.dim())})[
                            0]));
        }
        poolRows(feature, found, part);
    }

    private void poolRows(FeatureSpec feature, List<double[]> found, double[] part) {
        double[] shares = new double[found.size()];
        for (int j = 0; j < shares.length; j++) {
            shares[j] = switch (feature.pooling().kind()) {
                case MEAN -> 1;
                case RECENCY -> Math.pow(feature.pooling().decay(), j);
                case POSITIONS -> Math.exp(theta(feature)[j]);
                case ATTENTION -> Math.exp(dot(found.get(0), found.get(j)) / Math.sqrt(part.length));
            };
        }
        double sum = Arrays.stream(shares).sum();
        for (int j = 0; j < shares.length; j++) {
            for (int d = 0; d < part.length; d++) {
                part[d] += shares[j] / sum * found.get(j)[d];
            }
        }
    }

    /** The tensors of learned places stand behind those of the network, in the order of the features. */
    private double[] theta(FeatureSpec history) {
        List<FeatureSpec> learned = settings.user().stream()
                .filter(feature -> feature.pooling().kind() == Pooling.Kind.POSITIONS)
                .toList();
        return user[user.length - learned.size() + learned.indexOf(history)];
    }

    private void observeUser(TrainingExample example) {
        observe('u', settings.user(), Subject.user(example), Math.min(1, example.weight()));
    }

    private void observe(char side, List<FeatureSpec> features, Subject subject, double weight) {
        for (FeatureSpec feature : features) {
            if (feature.kind() == FeatureSpec.Kind.NUMERIC) {
                value(feature, subject).ifPresent(value -> numbers.computeIfAbsent(
                                side + feature.name(), absent -> new MomentsReference())
                        .plus(subject.id(), ((FeatureValue.Quantity) value).value(), weight));
            }
        }
    }

    private double[] differences(double[] weights, int[] places, MiniBatch batch) {
        return Arrays.stream(places)
                .mapToDouble(at -> Differences.of(weights, at, DIFFERENCE, () -> loss(batch)))
                .toArray();
    }

    private void applyVariance(String action, double gradient) {
        double sum = 0.001 + varianceSums.merge(action, gradient * gradient, Double::sum);
        double rate = settings.loss().objectives().learningRate();
        of(logVariances, action)[0] -= rate * gradient / (Math.sqrt(sum) + 1e-10);
    }

    private void applyTemperature(double gradient) {
        LearnedTemperature learned = settings.loss().learnedTemperature();
        temperatureSum += gradient * gradient;
        double moved = logTemperature[0] - learned.learningRate() * gradient / (Math.sqrt(temperatureSum) + 1e-10);
        logTemperature[0] = Math.max(Math.log(learned.min()), Math.min(Math.log(learned.max()), moved));
    }

    private double[] row(String name) {
        return of(rows, name);
    }

    private static double[] of(Map<String, double[]> named, String name) {
        return Objects.requireNonNull(named.get(name));
    }

    private static String notACategory(FeatureValue value) {
        throw new IllegalArgumentException("a categorical feature has the value " + value);
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int d = 0; d < left.length; d++) {
            sum += left[d] * right[d];
        }
        return sum;
    }

    public static float[][] copy(float[][] tensors) {
        return Arrays.stream(tensors).map(float[]::clone).toArray(float[][]::new);
    }

    public static double[][] doubles(float[][] tensors) {
        return Arrays.stream(tensors)
                .map(tensor -> IntStream.range(0, tensor.length)
                        .mapToDouble(at -> tensor[at])
                        .toArray())
                .toArray(double[][]::new);
    }
}
