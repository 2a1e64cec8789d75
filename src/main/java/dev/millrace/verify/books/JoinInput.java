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
     * @param amounts what they have counted
     */
    record Examples(
            Map<IdHash, List<LoggedExample>> clicked,
            Map<IdHash, List<LoggedExample>> unclicked,
            ExampleLog.Amounts amounts) {}

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
        return times.latestAtExposure(exposure.clock());
    }

    /** Settled time up to which timers have run for certain at that exposure. */
    long cursorAt(LoggedExposure exposure) {
        return SettledTimeBounds.cursorAt(times.earliestAtExposure(exposure.clock()));
    }

    /** Settled time at that click, at most. */
    long latestAt(LoggedClick click) {
        return times.latestAtClick(click.clock());
    }

    /** Settled time up to which timers have run for certain at that click. */
    long cursorAt(LoggedClick click) {
        return SettledTimeBounds.cursorAt(times.earliestAtClick(click.clock()));
    }

    /** Settled time at which the window of that exposure ends: a window after it, and after it came. */
    ClockBounds.Range endOfWindow(LoggedExposure exposure) {
        return new ClockBounds.Range(cursorAt(exposure), latestAt(exposure))
                .orAfter(exposure.time(), rules.windowMillis() + 1);
    }

    /** Settled time at which the wait of that click ends. */
    ClockBounds.Range endOfWait(LoggedClick click) {
        return new ClockBounds.Range(cursorAt(click), latestAt(click)).orAfter(click.time(), rules.waitMillis() + 1);
    }

    /** Settled time at which the id of that exposure is forgotten: not before its window has ended. */
    ClockBounds.Range forgetting(LoggedExposure exposure) {
        return endOfWindow(exposure).orAfter(rules.forgottenSince(exposure.time()), 0);
    }

    /** Settled time at which the id of that click is forgotten. */
    ClockBounds.Range forgetting(LoggedClick click) {
        return new ClockBounds.Range(cursorAt(click), latestAt(click)).orAfter(click.time(), rules.memoryMillis() + 1);
    }

    /** Returns true if the click may have made no example, as its user's examples had counted too much for one more. */
    boolean mayBeCapped(LoggedClick click) {
        return examples.amounts().mayBeCapped(true, click.user(), click.pair(), click.weight(), click.time());
    }

    /** As {@link #mayBeCapped(LoggedClick)}, of an exposure that was not clicked. */
    boolean mayBeCapped(LoggedExposure exposure, IdHash pair) {
        return examples.amounts().mayBeCapped(false, exposure.user(), pair, 1, rules.windowEnd(exposure));
    }
}
