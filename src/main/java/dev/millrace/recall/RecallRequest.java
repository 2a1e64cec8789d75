package dev.millrace.recall;

import dev.millrace.batch.FastPopularity;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemFilter;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A question: what should this user see?
 *
 * @param user whose
 * @param k items wanted, at least 1
 * @param isSeenExcluded whether items of the user's history stay out
 * @param excluded further items that stay out
 * @param filter what items must be
 * @param context features of the moment
 * @param weights of what the score is made of
 * @param generation that is to answer; absent for the one that is served
 * @param given in place of what is known of the user: for somebody who never came through the topics
 * @param reasons items of the user's history to be named as nearest to each item found; 0 for none
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
     * What the parts of the score count.
     *
     * @param popularity β of the score cos / τ + β log p, in [0, {@value FastPopularity#MAX_WEIGHT}]
     * @param channels of the channels' cosines, by channel; those of the settings for channels that it leaves out
     */
    public record Weights(double popularity, Map<String, Double> channels) {

        /** By taste alone, and the channels as set. */
        public static final Weights AS_SET = new Weights(0, Map.of());

        public Weights {
            channels = Map.copyOf(channels);
            if (!(popularity >= 0 && popularity <= FastPopularity.MAX_WEIGHT)) {
                throw new IllegalArgumentException(
                        "popularity = " + popularity + ": must be from 0 to " + FastPopularity.MAX_WEIGHT);
            }
        }
    }

    public RecallRequest {
        excluded = Set.copyOf(excluded);
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
    }

    /** The same question to a generation. */
    public RecallRequest of(String named) {
        return new RecallRequest(
                user, k, isSeenExcluded, excluded, filter, context, weights, Optional.of(named), given, reasons);
    }

    /** A question about a known user, by taste alone. */
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
