package dev.millrace.alarm;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What a mini-batch says about itself.
 *
 * @param masked share of the logits of other columns that are of the example's own item, and so masked
 * @param repeated share of the examples whose item an earlier one has
 * @param medianProbability of the probabilities estimated for the positives
 */
record BatchShares(double masked, double repeated, double medianProbability) {

    /** @param batch with at least one example */
    static BatchShares of(MiniBatch batch) {
        int examples = batch.examples().size();
        Map<String, Integer> columns = new HashMap<>();
        batch.examples().forEach(example -> columns.merge(example.item(), 1, Integer::sum));
        int distinct = columns.size();
        batch.negatives().forEach(item -> columns.merge(item, 1, Integer::sum));
        long masked = 0;
        for (TrainingExample example : batch.examples()) {
            masked += columns.getOrDefault(example.item(), 1) - 1;
        }
        long others = (long) examples * Math.max(1, examples + batch.negatives().size() - 1);
        float[] logProbability = batch.logProbability().clone();
        Arrays.sort(logProbability);
        return new BatchShares(
                (double) masked / others,
                (double) (examples - distinct) / examples,
                StrictMath.exp(logProbability[examples / 2]));
    }
}
