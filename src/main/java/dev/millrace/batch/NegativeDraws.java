package dev.millrace.batch;

import java.util.List;

/**
 * How the negatives of a mini-batch were drawn that are not uniform.
 *
 * <p>The kinds that are drawn by weights of the items stand together, since Q needs no more of them than their number and the
 * log-probability of their mixture. So a new such kind changes neither this nor the log.
 *
 * @param byWeight how many of the batch's negatives, behind the uniform ones, were drawn by weights of the items
 * @param fromMemory how many, the last, are items of the positives before this batch
 * @param weightedLogProbability [examples + negatives] natural log of the chance that one of these draws is that item, over
 *     all their kinds; empty if there are none
 * @param hard items that are negatives of one example each
 * @param hardOwners [hard] places of their examples, ascending
 */
public record NegativeDraws(
        int byWeight, int fromMemory, float[] weightedLogProbability, List<String> hard, int[] hardOwners) {

    /** All were uniform. */
    public static final NegativeDraws UNIFORM = new NegativeDraws(0, 0, new float[0], List.of(), new int[0]);

    public NegativeDraws {
        hard = List.copyOf(hard);
        if (hardOwners.length != hard.size()) {
            throw new IllegalArgumentException(hardOwners.length + " owners for " + hard.size() + " hard negatives");
        }
    }

    void requireFit(int examples, int negatives) {
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
