package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The slow, obvious twin of {@link TwoTower} in double precision: the formulas word by word, one column an example and a
 * negative, and every gradient a central finite difference of the loss.
 */
final class TwoTowerReference {

    private static final double DIFFERENCE = 1e-6;

    private final ModelSettings settings;
    private final Catalogue catalogue;
    private final double[][] user;
    private final double[][] item;
    private final double[][] userSums;
    private final double[][] itemSums;
    /** By table and key. */
    final Map<String, double[]> rows = new TreeMap<>();

    private final Map<String, double[]> rowSums = new TreeMap<>();
    private final Map<String, List<Double>> numbers = new TreeMap<>();

    private final double[] logTemperature;
    private double temperatureSum = 0.001;
    private LossReference formula;
    private boolean isFrozen;

    /** Begins with the networks of a learner that has not learnt. */
    TwoTowerReference(ModelSettings settings, Catalogue catalogue, TwoTower begin) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.logTemperature = new double[] {Math.log(settings.loss().temperature())};
        this.formula = new LossReference(settings.loss(), Scenes.batch(1, 0, 0), NegativePairs.NONE);
        this.user = doubles(begin.userTower().kernel().weights());
        this.item = doubles(begin.itemTower().kernel().weights());
        double initial = settings.optimiser().dense().initialAccumulator();
        this.userSums = filled(user, initial);
        this.itemSums = filled(item, initial);
    }

    double[][] user() {
        return user;
    }

    double[][] item() {
        return item;
    }

    double temperature() {
        return Math.exp(logTemperature[0]);
    }

    /** One step; its loss before the step. */
    double learn(MiniBatch batch) {
        for (TrainingExample example : batch.examples()) {
            observe('u', settings.user(), example.user().features(), example.context());
        }
        for (TrainingExample shown : batch.exposed()) {
            observe('u', settings.user(), shown.user().features(), shown.context());
        }
        for (TrainingExample example : batch.examples()) {
            observe('i', settings.item(), catalogue.features(example.item()), Features.NONE);
        }
        Set<String> read = new LinkedHashSet<>();
        isFrozen = false;
        double loss = loss(batch, read);
        double[][] userGradients = differences(user, batch);
        double[][] itemGradients = differences(item, batch);
        Map<String, double[]> rowGradients = new TreeMap<>();
        for (String row : read) {
            rowGradients.put(row, differences(row(row), batch));
        }
        if (settings.loss().learnedTemperature().isLearned()) {
            applyTemperature(differences(logTemperature, batch)[0]);
        }
        double norm = Math.sqrt(squares(userGradients) + squares(itemGradients));
        double max = settings.optimiser().maxGradientNorm();
        double scale = max > 0 && norm > max ? max / norm : 1;
        apply(user, userGradients, userSums, scale);
        apply(item, itemGradients, itemSums, scale);
        rowGradients.forEach(this::applyRow);
        return loss / share(batch);
    }

    /** What a batch of this size weighs, of a full one. */
    private double share(MiniBatch batch) {
        return Math.min(1, (double) batch.examples().size() / settings.loss().fullBatch());
    }

    /** Mean loss over the columns of the formula, at the weight of the batch. */
    private double loss(MiniBatch batch, Set<String> read) {
        List<double[]> users = new ArrayList<>();
        Map<String, double[]> vectors = new TreeMap<>();
        Set<String> items = new LinkedHashSet<>();
        for (TrainingExample example : batch.examples()) {
            users.add(vector(
                    'u',
                    settings.user(),
                    user,
                    example.user().user(),
                    example.user().features(),
                    example.context(),
                    example.user().history(),
                    read));
            items.add(example.item());
        }
        for (TrainingExample shown : batch.exposed()) {
            users.add(vector(
                    'u',
                    settings.user(),
                    user,
                    shown.user().user(),
                    shown.user().features(),
                    shown.context(),
                    shown.user().history(),
                    read));
            items.add(shown.item());
        }
        items.addAll(batch.negatives());
        items.addAll(batch.draws().hard());
        for (String each : items) {
            vectors.put(
                    each,
                    vector('i', settings.item(), item, each, catalogue.features(each), Features.NONE, List.of(), read));
        }
        double[][] rows = users.toArray(new double[0][]);
        if (!isFrozen) {
            formula = new LossReference(settings.loss(), batch, NegativePairs.of(batch));
            formula.freeze(rows, id -> known(vectors, id), Math.exp(logTemperature[0]));
            isFrozen = true;
        }
        double mean = formula.loss(rows, id -> known(vectors, id), Math.exp(logTemperature[0]));
        double penalty = 0;
        for (int matrix = 0; matrix < user.length; matrix += 2) {
            penalty += squares(new double[][] {user[matrix]});
        }
        for (int matrix = 0; matrix < item.length; matrix += 2) {
            penalty += squares(new double[][] {item[matrix]});
        }
        return share(batch) * mean + settings.optimiser().l2() / 2 * penalty;
    }

    private double[] vector(
            char side,
            List<FeatureSpec> features,
            double[][] network,
            String id,
            Features own,
            Features context,
            List<String> history,
            Set<String> read) {
        int width = features.stream().mapToInt(FeatureSpec::dim).sum();
        double[] input = new double[width];
        double[] skip = new double[settings.dim()];
        int at = 0;
        for (FeatureSpec feature : features) {
            double[] part = part(side, feature, id, own, context, history, read);
            System.arraycopy(part, 0, input, at, part.length);
            at += part.length;
            if (settings.towers().skip() && feature.hasRows() && feature.dim() == settings.dim()) {
                for (int d = 0; d < skip.length; d++) {
                    skip[d] += part[d];
                }
            }
        }
        double[] out = input;
        for (int layer = 0; layer < network.length / 2; layer++) {
            double[] next = network[2 * layer + 1].clone();
            for (int o = 0; o < next.length; o++) {
                for (int i = 0; i < out.length; i++) {
                    next[o] += out[i] * network[2 * layer][i * next.length + o];
                }
                if (layer < network.length / 2 - 1) {
                    next[o] = Math.max(0, next[o]);
                }
            }
            out = next;
        }
        for (int d = 0; d < skip.length; d++) {
            out[d] += skip[d];
        }
        double norm = Math.sqrt(dot(out, out));
        for (int d = 0; d < out.length; d++) {
            out[d] /= norm;
        }
        return out;
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
                        List.of(value.map(found -> found instanceof FeatureValue.Category category
                                        ? category.value()
                                        : "" + Math.round(((FeatureValue.Quantity) found).value()))
                                .orElse(Subject.ABSENT)),
                        part,
                        read);
            case BAG -> {
                List<String> keys = feature.source() == FeatureSpec.Source.HISTORY
                        ? history
                        : value.map(bag -> ((FeatureValue.Bag) bag).values()).orElse(List.of());
                mean(feature, keys.subList(0, Math.min(keys.size(), feature.maxValues())), part, read);
            }
            case NUMERIC -> {
                List<Double> seen = numbers.getOrDefault(side + feature.name(), List.of());
                double mean = seen.stream().mapToDouble(x -> x).average().orElse(0);
                double variance = seen.stream()
                        .mapToDouble(x -> (x - mean) * (x - mean))
                        .average()
                        .orElse(0);
                if (value.isPresent() && variance > 0) {
                    part[0] = (((FeatureValue.Quantity) value.get()).value() - mean) / Math.sqrt(variance);
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
        for (String key : keys) {
            String name = feature.table() + "/" + key;
            double[] row = rows.computeIfAbsent(
                    name,
                    absent -> doubles(new float[][] {InitialRow.of(settings, feature.table(), key, feature.dim())})[0]);
            read.add(name);
            for (int d = 0; d < part.length; d++) {
                part[d] += row[d] / keys.size();
            }
        }
    }

    private void observe(char side, List<FeatureSpec> features, Features own, Features context) {
        for (FeatureSpec feature : features) {
            if (feature.kind() == FeatureSpec.Kind.NUMERIC) {
                (feature.source() == FeatureSpec.Source.CONTEXT ? context : own)
                        .value(feature.name())
                        .ifPresent(value -> numbers.computeIfAbsent(side + feature.name(), absent -> new ArrayList<>())
                                .add(((FeatureValue.Quantity) value).value()));
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
            double above = loss(batch, new LinkedHashSet<>());
            weights[at] = weight - DIFFERENCE;
            double below = loss(batch, new LinkedHashSet<>());
            weights[at] = weight;
            gradient[at] = (above - below) / (2 * DIFFERENCE);
        }
        return gradient;
    }

    private void apply(double[][] weights, double[][] gradients, double[][] sums, double scale) {
        ModelSettings.Adagrad adagrad = settings.optimiser().dense();
        for (int tensor = 0; tensor < weights.length; tensor++) {
            for (int at = 0; at < weights[tensor].length; at++) {
                double g = gradients[tensor][at] * scale;
                sums[tensor][at] += g * g;
                weights[tensor][at] -= adagrad.learningRate() * g / (Math.sqrt(sums[tensor][at]) + adagrad.epsilon());
            }
        }
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

    private void applyRow(String name, double[] gradient) {
        ModelSettings.Adagrad adagrad = settings.optimiser().rows();
        double[] sum = rowSums.computeIfAbsent(name, absent -> new double[] {adagrad.initialAccumulator()});
        sum[0] += dot(gradient, gradient) / gradient.length;
        double[] row = row(name);
        for (int d = 0; d < row.length; d++) {
            row[d] -= adagrad.learningRate() * gradient[d] / (Math.sqrt(sum[0]) + adagrad.epsilon());
        }
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

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int d = 0; d < left.length; d++) {
            sum += left[d] * right[d];
        }
        return sum;
    }

    static double[][] doubles(float[][] tensors) {
        double[][] copy = new double[tensors.length][];
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            copy[tensor] = new double[tensors[tensor].length];
            for (int at = 0; at < copy[tensor].length; at++) {
                copy[tensor][at] = tensors[tensor][at];
            }
        }
        return copy;
    }

    private static double[][] filled(double[][] shape, double value) {
        double[][] copy = new double[shape.length][];
        for (int tensor = 0; tensor < shape.length; tensor++) {
            copy[tensor] = new double[shape[tensor].length];
            java.util.Arrays.fill(copy[tensor], value);
        }
        return copy;
    }
}
