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
record JoinInput(JoinRules rules, SettledTimeBounds times, Events events, Examples examples, Topics topics) {

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

    /**
     * The names in the cluster of the topics of one join, to say where an event is.
     *
     * @param partition of exposures and clicks; the topic of examples has one only
     */
    record Topics(String exposures, String clicks, String examples, int partition) {

        RecordAddress addressOf(LoggedExposure exposure) {
            return new RecordAddress(exposures, partition, exposure.offset());
        }

        RecordAddress addressOf(LoggedClick click) {
            return new RecordAddress(clicks, partition, click.offset());
        }

        RecordAddress addressOf(LoggedExample example) {
            return new RecordAddress(examples, 0, example.offset());
        }
    }

    JoinInput(AttributionSettings settings, SettledTimeBounds times, Events events, Examples examples, Topics topics) {
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
