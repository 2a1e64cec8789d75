package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.loss.LearnedTemperature;
import dev.millrace.model.loss.LossReference;
import dev.millrace.model.loss.NegativePairs;
import dev.millrace.model.network.NetworkReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The slow, obvious twin of {@link TwoTower} in double precision. It follows the formulas: one column for each example and
 * each negative. Every gradient is a central finite difference of the loss.
 *
 * <p>A difference moves one number. Only the vectors that depend on it are computed anew.
 */
public final class TwoTowerReference {

    private static final double DIFFERENCE = 1e-6;

    private static final String USER_NETWORK = "user network"; // no row has such a name, which has a slash
    private static final String ITEM_NETWORK = "item network";
    private static final String NEITHER = "neither";

    /**
     * The vector of a user or item of the batch, and what it follows from.
     *
     * @param rows by their names
     */
    private record Column(double[] input, double[] vector, Set<String> rows) {}

    private final ModelSettings settings;
    private final Catalogue catalogue;
    private final NetworkReference userNetwork;
    private final NetworkReference itemNetwork;
    private final double[][] user;
    private final double[][] item;
    private final List<OptimiserReference> userOptimisers;
    private final List<OptimiserReference> itemOptimisers;
    /** By table and key. */
    final Map<String, double[]> rows = new TreeMap<>();

    private final Map<String, OptimiserReference> rowOptimisers = new TreeMap<>();
    private final Map<String, MomentsReference> numbers = new TreeMap<>();

    private final double[] logTemperature;
    private double temperatureSum = 0.001;
    /** By action; empty unless they are learned. */
    private final Map<String, double[]> logVariances = new TreeMap<>();

    private final Map<String, Double> varianceSums = new TreeMap<>();
    private LossReference formula;
    private boolean isFrozen;
    /** By user or item, with the weights as they are before any is moved. */
    private final Map<String, Column> columns = new TreeMap<>();
    /** What a difference moves: one of the networks, or the row of that name. */
    private String moved = NEITHER;

    /** Starts from the networks of an untrained learner. */
    TwoTowerReference(ModelSettings settings, Catalogue catalogue, TwoTower begin) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.userNetwork = new NetworkReference(settings, true);
        this.itemNetwork = new NetworkReference(settings, false);
        this.logTemperature = new double[] {Math.log(settings.loss().temperature())};
        this.formula = new LossReference(settings.loss(), Scenes.batch(1, 0, 0), NegativePairs.NONE);
        if (settings.loss().objectives().areLearned()) {
            settings.loss().objectives().weights().keySet().forEach(action -> {
                logVariances.put(action, new double[1]);
                varianceSums.put(action, 0.001);
            });
        }
        this.user = doubles(begin.userTower().weights());
        this.item = doubles(begin.itemTower().weights());
        this.userOptimisers = optimisers(user);
        this.itemOptimisers = optimisers(item);
    }

    double[][] user() {
        return user;
    }

    double[][] item() {
        return item;
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

    /** Runs one step. Returns the loss before the step. */
    double learn(MiniBatch batch) {
        for (TrainingExample example : batch.examples()) {
            observeUser(example);
        }
        for (TrainingExample shown : batch.exposed()) {
            observeUser(shown);
        }
        for (TrainingExample example : batch.examples()) {
            observe('i', example.item(), settings.item(), catalogue.features(example.item()), Features.NONE, 1);
        }
        numbers.values().forEach(MomentsReference::settle);
        isFrozen = false;
        columns.clear();
        double loss = loss(batch);
        moved = USER_NETWORK;
        double[][] userGradients = differences(user, batch);
        moved = ITEM_NETWORK;
        double[][] itemGradients = differences(item, batch);
        Map<String, double[]> rowGradients = new TreeMap<>();
        Set<String> read = new TreeSet<>();
        columns.values().forEach(column -> read.addAll(column.rows()));
        for (String row : read) {
            moved = row;
            double[] gradient = differences(row(row), batch);
            for (int d = 0; d < gradient.length; d++) {
                gradient[d] += settings.optimiser().rows().l2() * row(row)[d];
            }
            rowGradients.put(row, gradient);
        }
        moved = NEITHER;
        if (settings.loss().learnedTemperature().isLearned()) {
            applyTemperature(differences(logTemperature, batch)[0]);
        }
        Map<String, Double> varianceGradients = new TreeMap<>();
        logVariances.forEach((action, number) -> varianceGradients.put(action, differences(number, batch)[0]));
        varianceGradients.forEach(this::applyVariance);
        double norm = Math.sqrt(squares(userGradients) + squares(itemGradients));
        double max = settings.optimiser().dense().maxGradientNorm();
        double scale = max > 0 && norm > max ? max / norm : 1;
        apply(user, userGradients, userOptimisers, scale, batch.step());
        apply(item, itemGradients, itemOptimisers, scale, batch.step());
        rowGradients.forEach((row, gradient) -> applyRow(row, gradient, batch.step()));
        return loss / share(batch);
    }

    /** Weight of a batch of this size, relative to a full one. */
    private double share(MiniBatch batch) {
        return Math.min(1, (double) batch.examples().size() / settings.loss().fullBatch());
    }

    /** Mean loss over the columns of the formula, times the weight of the batch. */
    private double loss(MiniBatch batch) {
        List<double[]> users = new ArrayList<>();
        Map<String, double[]> vectors = new TreeMap<>();
        Set<String> items = new LinkedHashSet<>();
        for (TrainingExample example : batch.examples()) {
            users.add(user("example " + users.size(), example, weights(example.action())));
            items.add(example.item());
        }
        for (TrainingExample shown : batch.exposed()) {
            users.add(user("shown " + users.size(), shown, weights("")));
            items.add(shown.item());
        }
        items.addAll(batch.negatives());
        items.addAll(batch.draws().hard());
        for (String each : items) {
            vectors.put(each, item(each));
        }
        double[][] rows = users.toArray(new double[0][]);
        if (!isFrozen) {
            formula = new LossReference(settings.loss(), batch, NegativePairs.of(batch));
            formula.freeze(rows, id -> known(vectors, id), Math.exp(logTemperature[0]));
            isFrozen = true;
        }
        double mean = formula.loss(rows, id -> known(vectors, id), Math.exp(logTemperature[0]), logVariances);
        double penalty = 0;
        for (int matrix = 0; matrix < settings.shape(Side.USER).tensors(); matrix += 2) {
            penalty += squares(new double[][] {user[matrix]});
        }
        for (int matrix = 0; matrix < item.length; matrix += 2) {
            penalty += squares(new double[][] {item[matrix]});
        }
        return share(batch) * mean + settings.optimiser().dense().l2() / 2 * penalty;
    }

    private double[] user(String place, TrainingExample example, double[] weights) {
        boolean isMoved = moved.equals(USER_NETWORK);
        boolean havePlacesWeights = user.length > settings.shape(Side.USER).tensors();
        return vector(
                place,
                isMoved,
                isMoved && havePlacesWeights,
                read -> input(
                        'u',
                        settings.user(),
                        example.user().user(),
                        example.user().features(),
                        example.context(),
                        example.user().history(),
                        read),
                input -> joined(normalised(userNetwork.channels(user, input)), weights));
    }

    private double[] item(String id) {
        return vector(
                "item " + id,
                moved.equals(ITEM_NETWORK),
                false,
                read -> input('i', settings.item(), id, catalogue.features(id), Features.NONE, List.of(), read),
                input -> joined(normalised(itemNetwork.channels(item, input)), new double[0]));
    }

    private double[] vector(
            String place,
            boolean isNetworkMoved,
            boolean isInputMoved,
            Function<Set<String>, double[]> inputs,
            UnaryOperator<double[]> network) {
        Optional<Column> known = Optional.ofNullable(columns.get(place))
                .filter(column -> !isInputMoved && !column.rows().contains(moved));
        if (known.isPresent() && !isNetworkMoved) {
            return known.get().vector();
        }
        Set<String> read = new TreeSet<>();
        double[] input = known.map(Column::input).orElseGet(() -> inputs.apply(read));
        double[] vector = network.apply(input);
        columns.putIfAbsent(place, new Column(input, vector, read));
        return vector;
    }

    private double[] input(
            char side,
            List<FeatureSpec> features,
            String id,
            Features own,
            Features context,
            List<String> history,
            Set<String> read) {
        int width = features.stream().mapToInt(FeatureSpec::dim).sum();
        double[] input = new double[width];
        int at = 0;
        for (FeatureSpec feature : features) {
            double[] part = part(side, feature, id, own, context, history, read);
            System.arraycopy(part, 0, input, at, part.length);
            at += part.length;
        }
        return input;
    }

    private static List<double[]> normalised(List<double[]> channels) {
        for (double[] channel : channels) {
            double norm = Math.sqrt(dot(channel, channel));
            for (int d = 0; d < channel.length; d++) {
                channel[d] /= norm;
            }
        }
        return channels;
    }

    /** [channels] Weights in the score of an action: 1 or 0 for a channel that names actions. */
    private double[] weights(String action) {
        return settings.towers().channels().stream()
                .mapToDouble(channel -> channel.actions().isEmpty() || action.isEmpty()
                        ? channel.weight()
                        : channel.actions().contains(action) ? 1 : 0)
                .toArray();
    }

    /** The channels side by side, scaled so that an inner product is the weighted mean of the channels' cosines. */
    private static double[] joined(List<double[]> channels, double[] weights) {
        double sum = Arrays.stream(weights).sum();
        int width = channels.stream().mapToInt(channel -> channel.length).sum();
        double[] joined = new double[width];
        int at = 0;
        for (int c = 0; c < channels.size(); c++) {
            for (double component : channels.get(c)) {
                joined[at++] = weights.length == 0 ? component : weights[c] / sum * component;
            }
        }
        return joined;
    }

    private double[] part(
            char side,
            FeatureSpec feature,
            String id,
            Features own,
            Features context,
            List<String> history,
            Set<String> read) {
        Optional<FeatureValue> value =
                (feature.source() == FeatureSpec.Source.CONTEXT ? context : own).value(feature.name());
        double[] part = new double[feature.dim()];
        switch (feature.kind()) {
            case ID -> mean(feature, List.of(id), part, read);
            case CATEGORICAL ->
                mean(
                        feature,
                        List.of(value.map(found -> found.match(
                                        FeatureValue.Category::value,
                                        quantity -> "" + Math.round(quantity.value()),
                                        TwoTowerReference::notACategory,
                                        TwoTowerReference::notACategory))
                                .orElse(Subject.ABSENT)),
                        part,
                        read);
            case BAG -> {
                List<String> keys = feature.source() == FeatureSpec.Source.HISTORY
                        ? history
                        : value.map(bag -> ((FeatureValue.Bag) bag).values()).orElse(List.of());
                pool(feature, keys.subList(0, Math.min(keys.size(), feature.maxValues())), part, read);
            }
            case TEXT -> {
                String text = value.map(found -> ((FeatureValue.Category) found).value())
                        .orElse("");
                mean(feature, feature.grams().keys(List.of(text), feature.maxValues()), part, read);
            }
            case AGE -> {
                long appeared = catalogue.item(id).orElseThrow().time();
                double hours = (Scenes.TIME - appeared) / 3_600_000.0;
                long bucket = hours < 1 ? 0 : (long) Math.pow(2, Math.floor(Math.log(hours) / Math.log(2)));
                mean(feature, List.of("" + bucket), part, read);
            }
            case NUMERIC -> {
                if (value.isPresent()) {
                    part[0] = Optional.ofNullable(numbers.get(side + feature.name()))
                            .map(seen -> seen.normalise(((FeatureValue.Quantity) value.get()).value()))
                            .orElse(0.0);
                }
            }
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

    private void mean(FeatureSpec feature, List<String> keys, double[] part, Set<String> read) {
        for (double[] row : rows(feature, keys, read)) {
            for (int d = 0; d < part.length; d++) {
                part[d] += row[d] / keys.size();
            }
        }
    }

    private void pool(FeatureSpec feature, List<String> keys, double[] part, Set<String> read) {
        List<double[]> found = rows(feature, keys, read);
        double[] shares = new double[found.size()];
        for (int j = 0; j < shares.length; j++) {
            shares[j] = switch (feature.pooling().kind()) {
                case MEAN -> 1;
                case RECENCY -> Math.pow(feature.pooling().decay(), j);
                case POSITIONS -> Math.exp(user[user.length - 1][j]);
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

    private List<double[]> rows(FeatureSpec feature, List<String> keys, Set<String> read) {
        List<double[]> found = new ArrayList<>();
        for (String key : keys) {
            String name = feature.table() + "/" + key;
            double[] row = rows.computeIfAbsent(
                    name,
                    absent -> doubles(new float[][] {settings.initialRows().row(feature.table(), key, feature.dim())})[
                            0]);
            read.add(name);
            found.add(row);
        }
        return found;
    }

    private void observeUser(TrainingExample example) {
        UserFeatures user = example.user();
        double weight = Math.min(1, example.weight());
        observe('u', user.user(), settings.user(), user.features(), example.context(), weight);
    }

    private void observe(
            char side, String id, List<FeatureSpec> features, Features own, Features context, double weight) {
        for (FeatureSpec feature : features) {
            if (feature.kind() == FeatureSpec.Kind.NUMERIC) {
                (feature.source() == FeatureSpec.Source.CONTEXT ? context : own)
                        .value(feature.name())
                        .ifPresent(value -> numbers.computeIfAbsent(
                                        side + feature.name(), absent -> new MomentsReference())
                                .plus(id, ((FeatureValue.Quantity) value).value(), weight));
            }
        }
    }

    private double[][] differences(double[][] tensors, MiniBatch batch) {
        double[][] gradients = new double[tensors.length][];
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            gradients[tensor] = differences(tensors[tensor], batch);
        }
        return gradients;
    }

    private double[] differences(double[] weights, MiniBatch batch) {
        double[] gradient = new double[weights.length];
        for (int at = 0; at < weights.length; at++) {
            double weight = weights[at];
            weights[at] = weight + DIFFERENCE;
            double above = loss(batch);
            weights[at] = weight - DIFFERENCE;
            double below = loss(batch);
            weights[at] = weight;
            gradient[at] = (above - below) / (2 * DIFFERENCE);
        }
        return gradient;
    }

    private static void apply(
            double[][] weights, double[][] gradients, List<OptimiserReference> optimisers, double scale, long step) {
        for (int tensor = 0; tensor < weights.length; tensor++) {
            double[] scaled = gradients[tensor].clone();
            for (int at = 0; at < scaled.length; at++) {
                scaled[at] *= scale;
            }
            optimisers.get(tensor).moveEach(weights[tensor], scaled, step);
        }
    }

    private void applyVariance(String action, double gradient) {
        double sum = varianceSums.merge(action, gradient * gradient, Double::sum);
        double rate = settings.loss().objectives().learningRate();
        logVariances.getOrDefault(action, new double[1])[0] -= rate * gradient / (Math.sqrt(sum) + 1e-10);
    }

    private void applyTemperature(double gradient) {
        LearnedTemperature learned = settings.loss().learnedTemperature();
        temperatureSum += gradient * gradient;
        double moved = logTemperature[0] - learned.learningRate() * gradient / (Math.sqrt(temperatureSum) + 1e-10);
        logTemperature[0] = Math.max(Math.log(learned.min()), Math.min(Math.log(learned.max()), moved));
    }

    private static double[] known(Map<String, double[]> vectors, String id) {
        return vectors.getOrDefault(id, new double[0]);
    }

    private void applyRow(String name, double[] gradient, long step) {
        double[] row = row(name);
        double norm = Math.sqrt(dot(gradient, gradient));
        double max = settings.optimiser().rows().maxGradientNorm();
        double[] clipped = gradient.clone();
        for (int d = 0; d < clipped.length; d++) {
            clipped[d] *= max > 0 && norm > max ? max / norm : 1;
        }
        rowOptimisers
                .computeIfAbsent(
                        name,
                        absent -> new OptimiserReference(settings.optimiser().rows(), row))
                .moveRow(row, clipped, step);
    }

    private List<OptimiserReference> optimisers(double[][] network) {
        List<OptimiserReference> optimisers = new ArrayList<>();
        for (double[] tensor : network) {
            optimisers.add(new OptimiserReference(settings.optimiser().dense(), tensor));
        }
        return optimisers;
    }

    private double[] row(String name) {
        return rows.getOrDefault(name, new double[0]);
    }

    private static double squares(double[][] tensors) {
        double sum = 0;
        for (double[] tensor : tensors) {
            sum += dot(tensor, tensor);
        }
        return sum;
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
        double[][] copy = new double[tensors.length][];
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            copy[tensor] = new double[tensors[tensor].length];
            for (int at = 0; at < copy[tensor].length; at++) {
                copy[tensor][at] = tensors[tensor][at];
            }
        }
        return copy;
    }
}
