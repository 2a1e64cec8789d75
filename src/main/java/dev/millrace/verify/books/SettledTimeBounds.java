package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;

/**
 * What can be known of event time at each event of one partition, whatever order the two topics were read in.
 *
 * <p>Windows and waits end by <i>settled time</i>: the least of the latest event times of both topics, or the greater of them
 * less {@code attribution.max-skew}. Within one topic the order is that of the offsets, so that its own latest time at an event
 * is known; of the other topic only that it is somewhere between nothing and its end. Settled time never goes back, therefore it
 * lies at an event between the two bounds given here, and at the end it is known exactly.
 *
 * @param mode whether clicks have exposures
 * @param maxSkewMillis the lead after which one topic no longer waits
 * @param exposuresEnd latest event time of all exposures read
 * @param clicksEnd latest event time of all clicks read
 * @param mayLead whether one topic may have been read that far ahead of the other; if not, the bounds are narrower
 */
record SettledTimeBounds(
        AttributionSettings.Mode mode, long maxSkewMillis, long exposuresEnd, long clicksEnd, boolean mayLead) {

    /** Timers run once settled time has moved on by this much: one that is due may be this late. */
    static final long COARSENESS_MILLIS = 1000;

    /** Settled time now that all has been read. */
    long end() {
        if (isClicksOnly()) {
            return clicksEnd;
        }
        return Math.max(Math.min(exposuresEnd, clicksEnd), Math.max(exposuresEnd, clicksEnd) - maxSkewMillis);
    }

    /** @param reached latest event time of the exposures at one of them */
    long latestAtExposure(long reached) {
        if (isClicksOnly()) {
            return clicksEnd;
        }
        return Math.min(end(), mayLead ? Math.max(reached, clicksEnd - maxSkewMillis) : reached);
    }

    /** @param reached latest event time of the exposures at one of them */
    long earliestAtExposure(long reached) {
        return isClicksOnly() ? 0 : reached - maxSkewMillis;
    }

    /** @param reached latest event time of the clicks at one of them */
    long latestAtClick(long reached) {
        if (isClicksOnly()) {
            return reached;
        }
        return Math.min(end(), mayLead ? Math.max(reached, exposuresEnd - maxSkewMillis) : reached);
    }

    /** @param reached latest event time of the clicks at one of them */
    long earliestAtClick(long reached) {
        return isClicksOnly() ? reached : reached - maxSkewMillis;
    }

    /** Whether a timer may have run by the end. */
    boolean mayHaveRun(long due) {
        return end() >= due;
    }

    /**
     * Whether a timer has run by the end, whenever it was set.
     *
     * @param latestWhenSet settled time when it was set, at most
     */
    boolean hasRun(long due, long latestWhenSet) {
        return hasRunAt(end(), due, latestWhenSet);
    }

    /**
     * Whether a timer has run by a moment of at least that settled time.
     *
     * @param latestWhenSet settled time when it was set, at most
     */
    static boolean hasRunAt(long earliest, long due, long latestWhenSet) {
        long cursor = earliest - COARSENESS_MILLIS + 1;
        return cursor >= due && cursor > latestWhenSet;
    }

    private boolean isClicksOnly() {
        return mode == AttributionSettings.Mode.CLICKS_ONLY;
    }
}
