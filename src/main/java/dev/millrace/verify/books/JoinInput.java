package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the offline join of one user partition works on.
 *
 * @param times bounds of settled time at each event
 * @param topics names of the topics, to say where an event is
 */
record JoinInput(JoinRules rules, SettledTimeBounds times, Events events, Examples examples, JoinTopics topics) {

    /**
     * What one partition holds, as far as the books count it.
     *
     * @param exposures by user and item, in the order of their offsets
     * @param clicks in the order of their offsets
     * @param forgotten users with a tombstone
     */
    record Events(Map<IdHash, List<LoggedExposure>> exposures, List<LoggedClick> clicks, Set<IdHash> forgotten) {}

    /**
     * The training examples of all partitions, in the order of their offsets.
     *
     * @param clicked by user and id of the click
     * @param unclicked by user, item and id of the exposure
     */
    record Examples(Map<IdHash, List<LoggedExample>> clicked, Map<IdHash, List<LoggedExample>> unclicked) {}

    JoinInput(
            AttributionSettings settings,
            SettledTimeBounds times,
            Events events,
            Examples examples,
            JoinTopics topics) {
        this(JoinRules.of(settings), times, events, examples, topics);
    }

    /** Exposures of an item to a user, in the order of their offsets. */
    List<LoggedExposure> exposuresOf(IdHash pair) {
        return events.exposures().getOrDefault(pair, List.of());
    }

    boolean isForgotten(IdHash user) {
        return events.forgotten().contains(user);
    }

    /** Settled time at that exposure, at most. */
    long latestAt(LoggedExposure exposure) {
        return times.latestAtExposure(exposure.topicTime());
    }

    /** Settled time at that exposure, at least. */
    long earliestAt(LoggedExposure exposure) {
        return times.earliestAtExposure(exposure.topicTime());
    }

    /** Settled time at that click, at most. */
    long latestAt(LoggedClick click) {
        return times.latestAtClick(click.topicTime());
    }

    /** Settled time at that click, at least. */
    long earliestAt(LoggedClick click) {
        return times.earliestAtClick(click.topicTime());
    }
}
