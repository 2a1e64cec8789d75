package dev.millrace.feature;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

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

    /** Name of the bag of items that the user was shown and did not click, latest first. Without it there are none. */
    public static final String PASSED = "millrace.passed";

    public UserFeatures {
        history = List.copyOf(history);
    }

    /** Returns the items that no answer to the user may have: hidden ones, then passed ones. */
    public Set<String> leftOut() {
        Set<String> items = new LinkedHashSet<>(hidden());
        items.addAll(passed());
        return items;
    }

    public List<String> hidden() {
        return bag(HIDDEN);
    }

    public List<String> passed() {
        return bag(PASSED);
    }

    private List<String> bag(String name) {
        return features.value(name)
                .map(value -> value.match(
                        category -> List.<String>of(),
                        number -> List.<String>of(),
                        FeatureValue.Bag::values,
                        vector -> List.<String>of()))
                .orElse(List.of());
    }
}
