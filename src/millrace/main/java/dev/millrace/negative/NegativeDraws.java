package dev.millrace.negative;

import java.util.List;

/**
 * How those negatives of a mini-batch were drawn that are not uniform.
 *
 * <p>The kinds that are drawn by weights of the items are counted together, because Q needs only their number and the
 * log-probability of their mixture. So a new kind of this sort changes neither this record nor the log.
 *
 * @param byWeight number of negatives drawn by weights of the items; they follow the uniform ones
 * @param fromMemory number of negatives that are items of the positives before this batch; they are the last ones
 * @param weightedLogProbability [examples + rehearsed + negatives] natural log of the probability that one of these draws is that
 *     item, over all their kinds; empty if there are none
 * @param hard hard negatives: items that are a negative of one example each
 * @param hardOwners [hard] index of the example of each hard negative, ascending
 */
public record NegativeDraws(
        int byWeight, int fromMemory, float[] weightedLogProbability, List<String> hard, int[] hardOwners) {

    /** All negatives are uniform. */
    public static final NegativeDraws UNIFORM = new NegativeDraws(0, 0, new float[0], List.of(), new int[0]);

    public NegativeDraws {
        hard = List.copyOf(hard);
        if (hardOwners.length != hard.size()) {
            throw new IllegalArgumentException(hardOwners.length + " owners for " + hard.size() + " hard negatives");
        }
    }

    public void requireFit(int examples, int negatives) {
        int rest = negatives - byWeight - fromMemory;
        int expected = byWeight > 0 ? examples + negatives : 0;
        if (byWeight < 0 || fromMemory < 0 || rest < 0 || weightedLogProbability.length != expected) {
            throw new IllegalArgumentException(byWeight + " negatives by weight, " + fromMemory
                    + " from memory and " + weightedLogProbability.length + " log probabilities do not fit " + examples
                    + " examples with " + negatives + " negatives");
        }
        for (int owner : hardOwners) {
            if (owner < 0 || owner >= examples) {
                throw new IllegalArgumentException("a hard negative of example " + owner + " of " + examples);
            }
        }
    }
}
