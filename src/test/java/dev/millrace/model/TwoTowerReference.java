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
    private final List<OptimiserReference> userOptimisers;
    private final List<OptimiserReference> itemOptimisers;
    /** By table and key. */
    final Map<String, double[]> rows = new TreeMap<>();

    private final Map<String, OptimiserReference> rowOptimisers = new TreeMap<>();
    private final Map<String, List<Double>> numbers = new TreeMap<>();

    /** Begins with the networks of a learner that has not learnt. */
    TwoTowerReference(ModelSettings settings, Catalogue catalogue, TwoTower begin) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.user = doubles(begin.userTower().kernel().weights());
        this.item = doubles(begin.itemTower().kernel().weights());
        this.userOptimisers = optimisers(user);
        this.itemOptimisers = optimisers(item);
    }

    double[][] user() {
        return user;
    }

    double[][] item() {
        return item;
    }

    /** One step; its loss before the step. */
    double learn(MiniBatch batch) {
        for (TrainingExample example : batch.examples()) {
            observe('u', settings.user(), example.user().features(), example.context());
        }
        for (TrainingExample example : batch.examples()) {
            observe('i', settings.item(), catalogue.features(example.item()), Features.NONE);
        }
        Set<String> read = new LinkedHashSet<>();
        double loss = loss(batch, read);
        double[][] userGradients = differences(user, batch);
        double[][] itemGradients = differences(item, batch);
        Map<String, double[]> rowGradients = new TreeMap<>();
        for (String row : read) {
            double[] gradient = differences(row(row), batch);
            for (int d = 0; d < gradient.length; d++) {
                gradient[d] += settings.optimiser().rows().l2() * row(row)[d];
            }
            rowGradients.put(row, gradient);
        }
        double norm = Math.sqrt(squares(userGradients) + squares(itemGradients));
        double max = settings.optimiser().dense().maxGradientNorm();
        double scale = max > 0 && norm > max ? max / norm : 1;
        apply(user, userGradients, userOptimisers, scale, batch.step());
        apply(item, itemGradients, itemOptimisers, scale, batch.step());
        rowGradients.forEach((row, gradient) -> applyRow(row, gradient, batch.step()));
        return loss / share(batch);
    }

    /** What a batch of this size weighs, of a full one. */
    private double share(MiniBatch batch) {
        return Math.min(1, (double) batch.examples().size() / settings.loss().fullBatch());
    }

    /** Mean loss over the columns of the formula, at the weight of the batch. */
    private double loss(MiniBatch batch, Set<String> read) {
        int examples = batch.examples().size();
        int negatives = batch.negatives().size();
        List<double[]> users = new ArrayList<>();
        List<double[]> columns = new ArrayList<>();
        List<String> items = new ArrayList<>();
        double[] logP = new double[examples + negatives];
        for (int i = 0; i < examples; i++) {
            TrainingExample example = batch.examples().get(i);
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
            logP[i] = batch.logProbability()[i];
        }
        items.addAll(batch.negatives());
        for (int j = 0; j < items.size(); j++) {
            columns.add(vector(
                    'i',
                    settings.item(),
                    item,
                    items.get(j),
                    catalogue.features(items.get(j)),
                    Features.NONE,
                    List.of(),
                    read));
            if (j >= examples) {
                logP[j] = batch.negativeLogProbability()[j - examples];
            }
        }
        double total = 0;
        for (int i = 0; i < examples; i++) {
            double sum = 0;
            double positive = 0;
            for (int j = 0; j < items.size(); j++) {
                if (j != i && items.get(j).equals(items.get(i))) {
                    continue; // an accidental hit
                }
                double logit =
                        dot(users.get(i), columns.get(j)) / settings.loss().temperature();
                logit += settings.loss().popularityExponent() * logP[j];
                if (settings.loss().correction() == ModelSettings.Correction.CLASSIC) {
                    double q = negatives == 0
                            ? Math.exp(logP[j])
                            : (examples * Math.exp(logP[j]) + (double) negatives / batch.catalogueSize())
                                    / (examples + negatives);
                    logit -= Math.log(q);
                }
                sum += Math.exp(logit);
                positive = j == i ? logit : positive;
            }
            total += batch.examples().get(i).weight() * (Math.log(sum) - positive);
        }
        double penalty = 0;
        for (int matrix = 0; matrix < user.length; matrix += 2) {
            penalty += squares(new double[][] {user[matrix]});
        }
        for (int matrix = 0; matrix < item.length; matrix += 2) {
            penalty += squares(new double[][] {item[matrix]});
        }
        return share(batch) * total / examples + settings.optimiser().dense().l2() / 2 * penalty;
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
}
