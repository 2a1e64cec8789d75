package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.Arrangement;
import dev.millrace.index.ItemFilter;
import dev.millrace.popularity.GivenWeights;
import java.util.Map;
import java.util.Optional;
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
 * @param arrangement of what is found; its boosts are added beside cos / τ
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
        int reasons,
        Arrangement arrangement) {

    /**
     * The weights of the parts of the score.
     *
     * @param given beside cos / τ, in place of the learned ones
     * @param channels weights of the channels' cosines, by channel; a channel that is not here keeps the weight of the settings
     */
    public record Weights(GivenWeights given, Map<String, Double> channels) {

        /** The cosine alone, with the channels' weights of the settings. */
        public static final Weights AS_SET = new Weights(GivenWeights.OF_THE_TOWERS, Map.of());

        /** The cosine with all that was learned beside it, and the channels' weights of the settings. */
        public static final Weights AS_LEARNED = new Weights(GivenWeights.NONE, Map.of());

        public Weights {
            channels = Map.copyOf(channels);
        }
    }

    public RecallRequest {
        excluded = Set.copyOf(excluded);
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
    }

    /** A question about items that the user has not had, with all that was learned, without conditions: by default, that of the recall API. */
    public static RecallRequest unseen(String user, int k) {
        return new RecallRequest(
                user,
                k,
                true,
                Set.of(),
                ItemFilter.NONE,
                Features.NONE,
                Weights.AS_LEARNED,
                Optional.empty(),
                Optional.empty(),
                0,
                Arrangement.NONE);
    }

    /** The same question to another generation. */
    public RecallRequest of(String named) {
        return with(Optional.of(named), given);
    }

    /** The same question about a user of whom that is known. */
    public RecallRequest about(UserFeatures known) {
        return with(generation, Optional.of(known));
    }

    private RecallRequest with(Optional<String> named, Optional<UserFeatures> known) {
        return new RecallRequest(
                user, k, isSeenExcluded, excluded, filter, context, weights, named, known, reasons, arrangement);
    }

    /** A question about a known user, by the cosine alone, without conditions. */
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
                0,
                Arrangement.NONE);
    }
}
