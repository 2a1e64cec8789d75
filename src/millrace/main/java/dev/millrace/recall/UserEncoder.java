package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.popularity.PriorWeights;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Encodes users into the space of one generation's item vectors. Safe for threads, while updates come. */
public interface UserEncoder {

    /** Returns true if it has all its weights. */
    boolean isReady();

    /** The weights of the channels that a request may change, by channel; empty if it may change none. */
    SortedMap<String, Double> queryWeights();

    /** The attributes of items that its learner publishes, by which a request may filter. */
    List<String> attributes();

    /** τ, by which the training logit divides the cosine. */
    double temperature();

    /** The learned weights beside cos / τ; none if its learner has none. */
    PriorWeights prior();

    /** Returns whether answers have items of the user's history, unless a request says otherwise. */
    default boolean isHistoryAnswered() {
        return false;
    }

    /**
     * How near items are to a user's latest clicks: nb of {@link dev.millrace.neighbour.Nearness} of those for which it is not 0; none from a learner
     * that has no lists.
     *
     * @param history of the user, latest first
     * @param time epoch milliseconds
     */
    default Map<String, Double> near(List<String> history, long time) {
        return Map.of();
    }

    /**
     * Encodes a user.
     *
     * @param user as last known; without features and history for an unknown user
     * @param context features of the moment
     * @param channelWeights by channel; a channel that is not here keeps the weight of the settings
     * @param out [dim] the user vector, filled if the result is true
     * @return false if the encoder has not, or no longer, the weights of its generation
     */
    boolean encode(UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out);
}
