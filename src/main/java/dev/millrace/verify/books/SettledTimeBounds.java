package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;

/**
 * Bounds of settled time at each event of one partition, whatever the order in which the two topics were read.
 *
 * <p>Windows and waits end by <i>settled time</i>. It is the smaller of the event times of the two topics; or the greater,
 * less {@code attribution.max-skew}, if that is more. One topic is read in the order of its offsets, so its time at an event
 * is known; {@link ClockBounds} says how well. The other topic may have been read not at all by then, or to its end. Settled time never goes back:
 * at an event it lies between the two bounds given here, and at the end it is known as well as the times of both topics are.
 *
 * @param mode whether clicks have exposures
 * @param maxSkewMillis the lead after which one topic no longer waits
 * @param exposuresEnd event time of the exposures when all have been read
 * @param clicksEnd event time of the clicks when all have been read
 * @param mayLead whether one topic may have been read that far ahead of the other; if not, the bounds are narrower
 */
record SettledTimeBounds(
        AttributionSettings.Mode mode,
        long maxSkewMillis,
        ClockBounds.Range exposuresEnd,
        ClockBounds.Range clicksEnd,
        boolean mayLead) {

    /** Timers run when settled time has moved on by this much, so one that is due may be this late. */
    static final long COARSENESS_MILLIS = 1000;

    /** @param clock event time of the exposures, at one of them */
    long latestAtExposure(ClockBounds.Range clock) {
        if (isClicksOnly()) {
            return clicksEnd.latest();
        }
        return Math.min(
                latestEnd(), mayLead ? Math.max(clock.latest(), clicksEnd.latest() - maxSkewMillis) : clock.latest());
    }

    /** @param clock event time of the exposures, at one of them */
    long earliestAtExposure(ClockBounds.Range clock) {
        return isClicksOnly() ? 0 : clock.earliest() - maxSkewMillis;
    }

    /** @param clock event time of the clicks, at one of them */
    long latestAtClick(ClockBounds.Range clock) {
        if (isClicksOnly()) {
            return clock.latest();
        }
        return Math.min(
                latestEnd(),
                mayLead ? Math.max(clock.latest(), exposuresEnd.latest() - maxSkewMillis) : clock.latest());
    }

    /** @param clock event time of the clicks, at one of them */
    long earliestAtClick(ClockBounds.Range clock) {
        return isClicksOnly() ? clock.earliest() : clock.earliest() - maxSkewMillis;
    }

    /** Returns true if a timer may have run by the end. */
    boolean mayHaveRun(ClockBounds.Range due) {
        return latestEnd() >= due.earliest();
    }

    /** Returns true if a timer has run by the end. */
    boolean hasRun(ClockBounds.Range due) {
        return cursorAt(settled(exposuresEnd.earliest(), clicksEnd.earliest())) >= due.latest();
    }

    /** Settled time up to which timers have run for certain at a moment of at least that settled time. */
    static long cursorAt(long earliest) {
        return earliest - COARSENESS_MILLIS + 1;
    }

    private long latestEnd() {
        return settled(exposuresEnd.latest(), clicksEnd.latest());
    }

    private long settled(long ofExposures, long ofClicks) {
        if (isClicksOnly()) {
            return ofClicks;
        }
        return Math.max(Math.min(ofExposures, ofClicks), Math.max(ofExposures, ofClicks) - maxSkewMillis);
    }

    private boolean isClicksOnly() {
        return mode == AttributionSettings.Mode.CLICKS_ONLY;
    }
}
