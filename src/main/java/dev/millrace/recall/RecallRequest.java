package dev.millrace.recall;

import dev.millrace.batch.FastPopularity;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemFilter;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The question which items a user should see.
 *
 * @param user id
 * @param k items wanted, at least 1
 * @param isSeenExcluded true to leave out the items of the user's history
 * @param excluded further items to leave out
 * @param filter conditions on the items' attributes
 * @param context features of the moment
 * @param weights of the parts of the score
 * @param generation that answers; absent for the one that is served
 * @param given profile and history that replace what is known of the user, for a user who never came through the topics
 * @param reasons items of the user's history to name for each item found, nearest first; 0 for none
 */
public record RecallRequest(
        String user,
        int k,
        boolean isSeenExcluded,
        Set<String> excluded,
        ItemFilter filter,
        Features context,
        Weights weights,
        Optional<String> generation,
        Optional<UserFeatures> given,
        int reasons) {

    /**
     * The weights of the parts of the score.
     *
     * @param popularity β of the score cos / τ + β log p, in [0, {@value FastPopularity#MAX_WEIGHT}]; absent for the learned weights of
     *     popularity and age
     * @param channels weights of the channels' cosines, by channel; a channel that is not here keeps the weight of the settings
     */
    public record Weights(OptionalDouble popularity, Map<String, Double> channels) {

        /** No popularity, and the channels' weights of the settings. */
        public static final Weights AS_SET = new Weights(OptionalDouble.of(0), Map.of());

        public Weights {
            channels = Map.copyOf(channels);
            double given = popularity.orElse(0);
            if (!(given >= 0 && given <= FastPopularity.MAX_WEIGHT)) {
                throw new IllegalArgumentException(
                        "popularity = " + given + ": must be from 0 to " + FastPopularity.MAX_WEIGHT);
            }
        }
    }

    public RecallRequest {
        excluded = Set.copyOf(excluded);
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
    }

    /** The same question to another generation. */
    public RecallRequest of(String named) {
        return new RecallRequest(
                user, k, isSeenExcluded, excluded, filter, context, weights, Optional.of(named), given, reasons);
    }

    /** A question about a known user, without popularity or conditions. */
    public RecallRequest(String user, int k, boolean isSeenExcluded, Features context) {
        this(
                user,
                k,
                isSeenExcluded,
                Set.of(),
                ItemFilter.NONE,
                context,
                Weights.AS_SET,
                Optional.empty(),
                Optional.empty(),
                0);
    }
}
