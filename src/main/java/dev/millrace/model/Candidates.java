package dev.millrace.model;

import dev.millrace.batch.MiniBatch;
import dev.millrace.model.ModelSettings.Correction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The candidates of a step's softmax, each item once.
 *
 * <p>The formula has a column j an example and a column a negative, each with the constant {@code k_j = b log p_j − log Q_j}
 * on its logit. Columns of one item share their score, so they are one candidate here: for the others the columns' weights
 * {@code e^{k_j}} add up, {@code others = log Σ_j e^{k_j}}; for the example whose item it is, only its own column counts,
 * {@code own = k_i}, the rest are the accidental hits that the formula masks. The softmax is the same, number for number.
 *
 * @param items each item once, in order of first appearance: positives, then negatives
 * @param positive [examples] the candidate that is the example's item
 * @param own [examples] constant on the example's own positive logit
 * @param others [items] constant on the candidate's logit for all other examples
 * @param nextOfItem [items] the next candidate of the same item, in a ring; itself where each item is once
 */
record Candidates(List<String> items, int[] positive, float[] own, float[] others, int[] nextOfItem) {

    static Candidates of(MiniBatch batch, ModelSettings.Loss loss) {
        int examples = batch.examples().size();
        int negatives = batch.negatives().size();
        Map<String, Integer> numbers = new HashMap<>();
        List<String> items = new ArrayList<>();
        int[] positive = new int[examples];
        float[] own = new float[examples];
        double[] weights = new double[examples + negatives];
        for (int i = 0; i < examples; i++) {
            double constant = constant(batch.logProbability()[i], batch, loss);
            own[i] = (float) constant;
            positive[i] = number(numbers, items, batch.examples().get(i).item());
            weights[positive[i]] += StrictMath.exp(constant);
        }
        for (int j = 0; j < negatives; j++) {
            int candidate = number(numbers, items, batch.negatives().get(j));
            weights[candidate] += StrictMath.exp(constant(batch.negativeLogProbability()[j], batch, loss));
        }
        float[] others = new float[items.size()];
        for (int c = 0; c < others.length; c++) {
            others[c] = (float) StrictMath.log(weights[c]);
        }
        int[] nextOfItem = new int[others.length];
        Arrays.setAll(nextOfItem, c -> c);
        return new Candidates(items, positive, own, others, nextOfItem);
    }

    /**
     * Every example's item a candidate of its own, repeated or not: for items whose features differ from example to example.
     *
     * @param items [examples]
     * @param constants [examples] {@code k_j}
     */
    static Candidates columns(List<String> items, float[] constants) {
        int[] positive = new int[items.size()];
        int[] nextOfItem = new int[items.size()];
        Map<String, Integer> last = new HashMap<>();
        for (int c = 0; c < positive.length; c++) {
            positive[c] = c;
            Integer before = last.put(items.get(c), c);
            nextOfItem[c] = before == null ? c : nextOfItem[before];
            if (before != null) {
                nextOfItem[before] = c;
            }
        }
        return new Candidates(items, positive, constants, constants, nextOfItem);
    }

    /** b log p − log Q, with Q = (n_b p + n_u / N) / (n_b + n_u) for every candidate (Yang et al. 2020). */
    private static double constant(double logProbability, MiniBatch batch, ModelSettings.Loss loss) {
        double term = loss.popularityExponent() * logProbability;
        if (loss.correction() == Correction.NONE) {
            return term;
        }
        int inBatch = batch.examples().size();
        int uniform = batch.negatives().size();
        if (uniform == 0) {
            return term - logProbability;
        }
        double mixture = (inBatch * StrictMath.exp(logProbability) + (double) uniform / batch.catalogueSize())
                / (inBatch + uniform);
        return term - StrictMath.log(mixture);
    }

    private static int number(Map<String, Integer> numbers, List<String> items, String item) {
        Integer known = numbers.putIfAbsent(item, items.size());
        if (known != null) {
            return known;
        }
        items.add(item);
        return items.size() - 1;
    }
}
