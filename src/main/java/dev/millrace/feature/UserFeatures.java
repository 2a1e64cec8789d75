package dev.millrace.feature;

import dev.millrace.event.Features;
import java.util.List;

/**
 * What was known of a user at one moment, and nothing later.
 *
 * @param user whose
 * @param time the moment, epoch milliseconds, event time
 * @param features the profile, and the running counters under names that begin with {@code millrace.}
 * @param history items of the last clicks before that moment, latest first, bounded by {@code history.length}
 */
public record UserFeatures(String user, long time, Features features, List<String> history) {
    public UserFeatures {
        history = List.copyOf(history);
    }
}
