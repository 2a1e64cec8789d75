package dev.millrace.feature;

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
    public UserFeatures {
        history = List.copyOf(history);
    }
}
