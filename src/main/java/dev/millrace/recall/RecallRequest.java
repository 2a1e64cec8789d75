package dev.millrace.recall;

import dev.millrace.batch.FastPopularity;
import dev.millrace.event.Features;
import java.util.Map;

/**
 * A question: what should this user see?
 *
 * @param user whose
 * @param k items wanted, at least 1
 * @param isSeenExcluded whether items of the user's history stay out
 * @param context features of the moment
 * @param popularityWeight β of the score cos / τ + β log p, in [0, {@value FastPopularity#MAX_WEIGHT}]
 * @param channelWeights of the channels' cosines, by channel; those of the settings for channels that it leaves out
 */
public record RecallRequest(
        String user,
        int k,
        boolean isSeenExcluded,
        Features context,
        double popularityWeight,
        Map<String, Double> channelWeights) {

    public RecallRequest {
        channelWeights = Map.copyOf(channelWeights);
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        if (!(popularityWeight >= 0 && popularityWeight <= FastPopularity.MAX_WEIGHT)) {
            throw new IllegalArgumentException(
                    "popularityWeight = " + popularityWeight + ": must be from 0 to " + FastPopularity.MAX_WEIGHT);
        }
    }

    /** A question by taste alone. */
    public RecallRequest(String user, int k, boolean isSeenExcluded, Features context) {
        this(user, k, isSeenExcluded, context, 0, Map.of());
    }
}
