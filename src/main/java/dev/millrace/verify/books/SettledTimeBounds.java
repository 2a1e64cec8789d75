package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;

/**
 * Bounds of settled time at each event of one partition, whatever the order in which the two topics were read.
 *
 * <p>Windows and waits end by <i>settled time</i>. It is the smaller of the latest event times of the two topics; or the greater,
 * less {@code attribution.max-skew}, if that is more. One topic is read in the order of its offsets, so its latest time at an event
 * is known. The other topic may have been read not at all by then, or to its end. Settled time never goes back: at an event it
 * lies between the two bounds given here, and at the end it is known exactly.
 *
 * @param mode whether clicks have exposures
 * @param maxSkewMillis the lead after which one topic no longer waits
 * @param exposuresEnd latest event time of all exposures read
 * @param clicksEnd latest event time of all clicks read
 * @param mayLead whether one topic may have been read that far ahead of the other; if not, the bounds are narrower
 */
record SettledTimeBounds(
        AttributionSettings.Mode mode, long maxSkewMillis, long exposuresEnd, long clicksEnd, boolean mayLead) {

    /** Timers run when settled time has moved on by this much, so one that is due may be this late. */
    static final long COARSENESS_MILLIS = 1000;

    /** Settled time when all has been read. */
    long end() {
        if (isClicksOnly()) {
            return clicksEnd;
        }
        return Math.max(Math.min(exposuresEnd, clicksEnd), Math.max(exposuresEnd, clicksEnd) - maxSkewMillis);
    }

    /** @param topicTime latest event time of the exposures, at one of them */
    long latestAtExposure(long topicTime) {
        if (isClicksOnly()) {
            return clicksEnd;
        }
        return Math.min(end(), mayLead ? Math.max(topicTime, clicksEnd - maxSkewMillis) : topicTime);
    }

    /** @param topicTime latest event time of the exposures, at one of them */
    long earliestAtExposure(long topicTime) {
        return isClicksOnly() ? 0 : topicTime - maxSkewMillis;
    }

    /** @param topicTime latest event time of the clicks, at one of them */
    long latestAtClick(long topicTime) {
        if (isClicksOnly()) {
            return topicTime;
        }
        return Math.min(end(), mayLead ? Math.max(topicTime, exposuresEnd - maxSkewMillis) : topicTime);
    }

    /** @param topicTime latest event time of the clicks, at one of them */
    long earliestAtClick(long topicTime) {
        return isClicksOnly() ? topicTime : topicTime - maxSkewMillis;
    }

    /** Returns true if a timer may have run by the end. */
    boolean mayHaveRun(long due) {
        return end() >= due;
    }

    /**
     * Returns true if a timer has run by the end, whenever it was set.
     *
     * @param latestWhenSet settled time when it was set, at most
     */
    boolean hasRun(long due, long latestWhenSet) {
        return hasRunAt(end(), due, latestWhenSet);
    }

    /**
     * Returns true if a timer has run by a moment of at least that settled time.
     *
     * @param latestWhenSet settled time when it was set, at most
     */
    static boolean hasRunAt(long earliest, long due, long latestWhenSet) {
        long cursor = cursorAt(earliest);
        return cursor >= due && cursor > latestWhenSet;
    }

    /** Settled time up to which timers have run for certain at a moment of at least that settled time. */
    static long cursorAt(long earliest) {
        return earliest - COARSENESS_MILLIS + 1;
    }

    private boolean isClicksOnly() {
        return mode == AttributionSettings.Mode.CLICKS_ONLY;
    }
}
