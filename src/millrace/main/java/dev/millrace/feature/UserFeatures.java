package dev.millrace.feature;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.List;

/**
 * The features of a user as of one moment; nothing later is included.
 *
 * @param user id of the user
 * @param time event time of the moment, epoch milliseconds
 * @param features the profile, and the running counters under names that begin with {@code millrace.}
 * @param history items of the last clicks before that moment, latest first, at most {@code history.length}
 */
public record UserFeatures(String user, long time, Features features, List<String> history) {

    /** Name of the bag of items that the user hid and that are still hidden, latest first. Without it there are none. */
    public static final String HIDDEN = "millrace.hidden";

    public UserFeatures {
        history = List.copyOf(history);
    }

    /** Returns the items that no answer to the user may have. */
    public List<String> hidden() {
        return features.value(HIDDEN)
                .map(value -> value.match(
                        category -> List.<String>of(),
                        number -> List.<String>of(),
                        FeatureValue.Bag::values,
                        vector -> List.<String>of()))
                .orElse(List.of());
    }
}
