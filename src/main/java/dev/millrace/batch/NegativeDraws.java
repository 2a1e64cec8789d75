package dev.millrace.batch;

import java.util.List;

/**
 * How the negatives of a mini-batch were drawn that are not uniform.
 *
 * @param byPopularity how many of the batch's negatives, behind the uniform ones, were drawn by a power of popularity
 * @param fromMemory how many, the last, are items of the positives before this batch
 * @param powerLogProbability [examples + negatives] natural log of the chance that one draw by a power of popularity is that item;
 *     empty if none was
 * @param hard items that are negatives of one example each
 * @param hardOwners [hard] places of their examples, ascending
 */
public record NegativeDraws(
        int byPopularity, int fromMemory, float[] powerLogProbability, List<String> hard, int[] hardOwners) {

    /** All were uniform. */
    public static final NegativeDraws UNIFORM = new NegativeDraws(0, 0, new float[0], List.of(), new int[0]);

    public NegativeDraws {
        hard = List.copyOf(hard);
        if (hardOwners.length != hard.size()) {
            throw new IllegalArgumentException(hardOwners.length + " owners for " + hard.size() + " hard negatives");
        }
    }

    void requireFit(int examples, int negatives) {
        int rest = negatives - byPopularity - fromMemory;
        int expected = byPopularity > 0 ? examples + negatives : 0;
        if (byPopularity < 0 || fromMemory < 0 || rest < 0 || powerLogProbability.length != expected) {
            throw new IllegalArgumentException(byPopularity + " negatives by popularity, " + fromMemory
                    + " from memory and " + powerLogProbability.length + " log probabilities do not fit " + examples
                    + " examples with " + negatives + " negatives");
        }
        for (int owner : hardOwners) {
            if (owner < 0 || owner >= examples) {
                throw new IllegalArgumentException("a hard negative of example " + owner + " of " + examples);
            }
        }
    }
}
