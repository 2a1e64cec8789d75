package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Encodes users into the space of one generation's item vectors; called by many threads while it takes updates. */
public interface UserEncoder {

    /** Whether its weights are complete. */
    boolean isReady();

    /** The channels that a request may weigh, and what they weigh where it does not; empty where there is nothing to weigh. */
    SortedMap<String, Double> queryWeights();

    /** Attributes of items that its learner publishes, to filter by. */
    List<String> attributes();

    /** τ, by which the training logit divides the cosine. */
    double temperature();

    /**
     * @param user as last known; one without features and history for a user never seen
     * @param context of the request
     * @param channelWeights by channel; those of the settings for channels that it leaves out
     * @param out [dim] the user vector, filled if the answer is true
     * @return false if it cannot, because its weights are not, or no longer, those of its generation
     */
    boolean encode(UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out);
}
