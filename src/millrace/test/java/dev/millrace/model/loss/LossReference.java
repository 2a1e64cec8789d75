package dev.millrace.model.loss;

import dev.millrace.batch.MiniBatch;
import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The slow, obvious twin of {@link Objective}'s losses in double precision. It follows the formulas: one column for each
 * example and each draw.
 */
public final class LossReference {

    private final Loss settings;
    private final MiniBatch batch;
    private final NegativePairs pairs;
    private final List<String> items = new ArrayList<>();
    private final int examples;
    /** The columns that are negatives of others: the examples that count, if there are in-batch negatives, and all draws. */
    private final List<Integer> columns = new ArrayList<>();
    /** [columns] The mixture that a column is drawn from; 1 without correction. */
    private final double[] q;
    /** By example, where they do not depend on the vectors. */
    private final Map<Integer, List<Integer>> negatives = new HashMap<>();
    /** 1 − P of each example, a constant in the gradient of yandex-2025; empty until frozen. */
    private double[] doubts = {};
    /** What the other items have of the catalogue's softmax, for each exposed one; 0 for what nobody hid. A constant, too; empty until frozen. */
    private double[] logOthers = {};
    /** What a hidden item's term is multiplied by, so that it pulls with a tenth of a click at most; frozen, too. */
    private double[] caps = {};

    public LossReference(Loss settings, MiniBatch batch, NegativePairs pairs) {
        this.settings = settings;
        this.batch = batch;
        this.pairs = pairs;
        this.examples = batch.examples().size();
        batch.examples().forEach(example -> items.add(example.item()));
        items.addAll(batch.negatives());
        for (int j = 0; j < items.size(); j++) {
            if (j >= examples || (settings.negatives().areInBatch() && batch.isCounted(j))) {
                columns.add(j);
            }
        }
        this.q = IntStream.range(0, items.size()).mapToDouble(this::mixture).toArray();
    }

    /** From now on, 1 − P and what hidden items are compared with keep their values at these vectors. */
    public void freeze(double[][] users, Function<String, double[]> vectors, double temperature) {
        double[] frozen = new double[examples];
        for (int i = 0; i < examples; i++) {
            frozen[i] = doubt(i, users[i], vectors, temperature);
        }
        doubts = frozen;
        logOthers = IntStream.range(0, batch.exposed().size())
                .mapToDouble(e -> batch.exposed().get(e).action().isEmpty()
                        ? 0
                        : logOthers(batch.exposed().get(e).item(), users[examples + e], vectors))
                .toArray();
        caps = IntStream.range(0, batch.exposed().size())
                .mapToDouble(e -> batch.exposed().get(e).action().isEmpty()
                        ? 1
                        : Math.min(
                                1,
                                0.1
                                        / sigmoid(settings.form().scale()
                                                        * dot(
                                                                users[examples + e],
                                                                vectors.apply(batch.exposed()
                                                                        .get(e)
                                                                        .item()))
                                                - logOthers[e])))
                .toArray();
    }

    private double logOthers(String hidden, double[] user, Function<String, double[]> vectors) {
        double sum = columns.stream()
                .filter(j -> !items.get(j).equals(hidden))
                .mapToDouble(j ->
                        Math.exp(settings.form().scale() * dot(user, vectors.apply(items.get(j))) + term(j)) / q[j])
                .sum();
        return Math.log(sum / (settings.correction() == Correction.NONE ? 1 : columns.size()));
    }

    /**
     * Mean loss over the examples.
     *
     * @param logVariances by action, one number each; empty where the actions' weights are not learned
     */
    public double loss(
            double[][] users,
            Function<String, double[]> vectors,
            double temperature,
            Map<String, double[]> logVariances) {
        double total = 0;
        for (int i = 0; i < examples; i++) {
            double row =
                    switch (settings.form().kind()) {
                        case SOFTMAX -> softmax(i, users[i], vectors, temperature);
                        case POINTWISE -> pointwise(i, users[i], vectors);
                        case TRIPLET -> triplet(i, users[i], vectors);
                    };
            String action = batch.examples().get(i).action();
            double weight = batch.examples().get(i).weight()
                    * settings.objectives().weights().getOrDefault(action, 1.0);
            double logVariance = logVariances.getOrDefault(action, new double[1])[0];
            total += weight * (Math.exp(-logVariance) * row + logVariance / 2);
        }
        double exposed = 0;
        for (int e = 0; e < batch.exposed().size(); e++) {
            double cosine = dot(
                    users[examples + e], vectors.apply(batch.exposed().get(e).item()));
            double times = batch.exposed().get(e).action().isEmpty()
                    ? settings.negatives().exposedWeight()
                    : 1;
            exposed -= times
                    * caps[e]
                    * batch.exposed().get(e).weight()
                    * Math.log(sigmoid(logOthers[e] - settings.form().scale() * cosine));
        }
        // an example of a full batch weighs 1 / its size, and the caller scales the mean by the share of a full one
        double share = Math.min(1, (double) examples / settings.fullBatch());
        return total / examples + exposed / settings.fullBatch() / share;
    }

    private double softmax(int i, double[] user, Function<String, double[]> vectors, double temperature) {
        boolean isYandex = settings.correction() == Correction.YANDEX_2025;
        double positive = dot(user, vectors.apply(items.get(i))) / temperature + term(i);
        double sum = 0;
        for (int j : negatives(i, user, vectors)) {
            double logit = dot(user, vectors.apply(items.get(j))) / temperature + term(j);
            sum += Math.exp(logit) / q[j] * (isYandex ? 1 - q[i] : 1);
        }
        for (String hard : hard(i)) {
            double logit = dot(user, vectors.apply(hard)) / temperature + term(i);
            sum += Math.exp(logit) / q[i] * (isYandex ? 1 - q[i] : 1);
        }
        if (isYandex) {
            double doubt = doubts.length > 0 ? doubts[i] : doubt(i, user, vectors, temperature);
            return sum == 0 ? 0 : doubt * (-positive + Math.log(sum));
        }
        double own = positive - Math.log(q[i]);
        double crossEntropy = Math.log(sum + Math.exp(positive) / q[i]) - own;
        double smoothing = settings.form().smoothing();
        return smoothing == 0
                ? crossEntropy
                : crossEntropy + smoothing * (own - meanScore(i, user, vectors, temperature));
    }

    /** The mean score over the catalogue, estimated by all columns but the example's own and those of masked items. */
    private double meanScore(int i, double[] user, Function<String, double[]> vectors, double temperature) {
        List<Integer> others = new ArrayList<>(negatives(i, user, vectors));
        columns.stream()
                .filter(j -> j != i && items.get(j).equals(items.get(i)))
                .forEach(others::add);
        double total = 0;
        double sum = 0;
        for (int j : others) {
            total += 1 / q[j];
            sum += dot(user, vectors.apply(items.get(j))) / temperature / q[j];
        }
        return sum / total;
    }

    private double doubt(int i, double[] user, Function<String, double[]> vectors, double temperature) {
        double positive = dot(user, vectors.apply(items.get(i))) / temperature + term(i);
        double sum = 0;
        List<Integer> negatives = negatives(i, user, vectors);
        for (int j : negatives) {
            double logit = dot(user, vectors.apply(items.get(j))) / temperature + term(j);
            sum += Math.exp(logit) / (q[j] / (1 - q[i]));
        }
        return 1 - Math.exp(positive) / (Math.exp(positive) + sum / negatives.size());
    }

    private double pointwise(int i, double[] user, Function<String, double[]> vectors) {
        double scale = settings.form().scale();
        double own = settings.form().negatives() == 0 ? 0 : logOdds(i); // uniform negatives need no correction
        double loss = -Math.log(sigmoid(scale * dot(user, vectors.apply(items.get(i))) + own));
        List<Integer> negatives = negatives(i, user, vectors);
        int each = settings.form().negatives();
        if (each == 0) {
            double total = negatives.stream().mapToDouble(j -> 1 / q[j]).sum();
            for (int j : negatives) {
                loss -= 1 / q[j] / total * Math.log(sigmoid(-scale * dot(user, vectors.apply(items.get(j)))));
            }
        }
        List<String> negativeItems = negatives.stream().map(items::get).toList();
        for (int draw = 0; draw < each; draw++) {
            for (int attempt = 0; attempt < 16; attempt++) {
                long slot = ((long) i * each + draw) * 16 + attempt;
                int j = columns.get(CounterRandom.below(columns.size(), batch.seed(), 18, slot));
                if (negativeItems.contains(items.get(j))) {
                    loss -= Math.log(sigmoid(-scale * dot(user, vectors.apply(items.get(j))) - logOdds(j)));
                    break;
                }
            }
        }
        for (String hard : hard(i)) {
            loss -= Math.log(sigmoid(-scale * dot(user, vectors.apply(hard)) - own));
        }
        return loss;
    }

    private double triplet(int i, double[] user, Function<String, double[]> vectors) {
        Set<String> shared = new LinkedHashSet<>();
        negatives(i, user, vectors).forEach(j -> shared.add(items.get(j)));
        List<String> all = new ArrayList<>(shared);
        all.addAll(hard(i));
        double positive = dot(user, vectors.apply(items.get(i)));
        return all.stream()
                .mapToDouble(item -> settings.form().margin() - positive + dot(user, vectors.apply(item)))
                .filter(hinge -> hinge > 0)
                .average()
                .orElse(0);
    }

    /** The columns that are negatives of an example. */
    private List<Integer> negatives(int i, double[] user, Function<String, double[]> vectors) {
        int hardest = settings.negatives().hardestInBatch().at(batch.step());
        return hardest == 0
                ? negatives.computeIfAbsent(i, own -> negatives(own, user, vectors, Integer.MAX_VALUE))
                : negatives(i, user, vectors, hardest);
    }

    private List<Integer> negatives(int i, double[] user, Function<String, double[]> vectors, int hardest) {
        Set<String> inBatch = new LinkedHashSet<>();
        for (int j = 0; j < examples; j++) {
            if (batch.isCounted(j) && !isMasked(i, items.get(j))) {
                inBatch.add(items.get(j));
            }
        }
        List<String> kept = inBatch.stream()
                .sorted(Comparator.comparingDouble(item -> -dot(user, vectors.apply(item))))
                .limit(hardest)
                .toList();
        List<Integer> chosen = new ArrayList<>();
        for (int j : columns) {
            boolean isNegative = j >= examples || kept.contains(items.get(j));
            if (isNegative && !isMasked(i, items.get(j))) {
                chosen.add(j);
            }
        }
        return chosen;
    }

    private List<String> hard(int i) {
        List<String> hard = new ArrayList<>();
        for (int pair = 0; pair < pairs.owners().length; pair++) {
            if (pairs.owners()[pair] == i && !isMasked(i, pairs.items().get(pair))) {
                hard.add(pairs.items().get(pair));
            }
        }
        return hard;
    }

    /** Returns whether a column is an accidental hit, or a masked positive of the same user. */
    private boolean isMasked(int i, String item) {
        if (item.equals(items.get(i))) {
            return true;
        }
        String user = batch.examples().get(i).user().user();
        return settings.negatives().isSameUserMasked()
                && batch.examples().stream()
                        .anyMatch(other ->
                                other.user().user().equals(user) && other.item().equals(item));
    }

    private double term(int j) {
        return settings.popularityExponent() * logP(j);
    }

    private double logP(int j) {
        return j < examples ? batch.logProbability()[j] : batch.negativeLogProbability()[j - examples];
    }

    private double logOdds(int j) {
        return settings.correction() == Correction.NONE ? 0 : -Math.log(batch.catalogueSize() * q[j]);
    }

    private double mixture(int j) {
        if (settings.correction() == Correction.NONE) {
            return 1;
        }
        int byPopularity = batch.draws().byWeight();
        int likePositives = (settings.negatives().areInBatch() ? batch.counted().size() : 0)
                + batch.draws().fromMemory();
        int uniform = batch.negatives().size() - byPopularity - batch.draws().fromMemory();
        double power = byPopularity == 0 ? 0 : Math.exp(batch.draws().weightedLogProbability()[j]);
        return (likePositives * Math.exp(logP(j)) + (double) uniform / batch.catalogueSize() + byPopularity * power)
                / (likePositives + uniform + byPopularity);
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int d = 0; d < left.length; d++) {
            sum += left[d] * right[d];
        }
        return sum;
    }
}
