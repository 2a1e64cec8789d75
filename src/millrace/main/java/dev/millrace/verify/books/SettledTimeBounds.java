package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.verify.books.ClockBounds.Range;
import dev.millrace.verify.books.UserPartition.LoggedEvent;

/**
 * Bounds of settled time at each event of one partition, and at the ends of windows and waits, whatever the order in which the topics were read.
 *
 * <p>Windows and waits end by <i>settled time</i>. It is the smaller of the event times of the two topics; or the greater,
 * less {@code attribution.max-skew}, if that is more. One topic is read in the order of its offsets, so its time at an event
 * is known; {@link ClockBounds} says how well. The other topic may have been read not at all by then, or to its end. Settled time never goes back.
 *
 * @param exposuresEnd event time of the exposures when all have been read
 * @param clicksEnd event time of the clicks when all have been read
 * @param mayLead whether one topic may have been read max-skew ahead of the other; if not, the bounds are narrower
 */
record SettledTimeBounds(AttributionSettings settings, Range exposuresEnd, Range clicksEnd, boolean mayLead) {

    /** Timers run when settled time has moved on by this much, so one that is due may be this late. */
    private static final long COARSENESS_MILLIS = 1000;

    /** Settled time at an event: from the time up to which timers have run for certain, to the latest that it can be. */
    Range at(LoggedEvent event) {
        Range clock = event.clock();
        if (isClicksOnly()) {
            return event.isClick()
                    ? new Range(cursor(clock.earliest()), clock.latest())
                    : new Range(cursor(0), clicksEnd.latest());
        }
        long othersEnd = (event.isClick() ? exposuresEnd : clicksEnd).latest();
        long latest = mayLead ? Math.max(clock.latest(), othersEnd - skewMillis()) : clock.latest();
        return new Range(
                cursor(clock.earliest() - skewMillis()),
                Math.min(settled(exposuresEnd.latest(), clicksEnd.latest()), latest));
    }

    /** Settled time at which the window of an exposure ends: a window after it, and after it came. */
    Range endOfWindow(LoggedEvent exposure) {
        return at(exposure).orAfter(exposure.time(), settings.window().toMillis() + 1);
    }

    /** Settled time at which the wait of a click ends. */
    Range endOfWait(LoggedEvent click) {
        return at(click).orAfter(click.time(), settings.clickWait().toMillis() + 1);
    }

    /** Settled time at which the id of an event is forgotten. An exposure is closed first, and goes one timer later. */
    Range forgetting(LoggedEvent event) {
        return event.isClick()
                ? at(event).orAfter(event.time(), memoryMillis() + 1)
                : endOfWindow(event).orAfter(event.time() + memoryMillis() + 2, 0);
    }

    /** Event time of the first exposure that is known for certain at a settled time. */
    long knownSince(long settledTime) {
        return settledTime - memoryMillis() - 1;
    }

    /** Returns true if a timer may have run by the end. */
    boolean mayHaveRun(Range due) {
        return settled(exposuresEnd.latest(), clicksEnd.latest()) >= due.earliest();
    }

    /** Returns true if a timer has run by the end. */
    boolean hasRun(Range due) {
        return cursor(settled(exposuresEnd.earliest(), clicksEnd.earliest())) >= due.latest();
    }

    private static long cursor(long earliest) {
        return earliest - COARSENESS_MILLIS + 1;
    }

    private long settled(long ofExposures, long ofClicks) {
        return isClicksOnly()
                ? ofClicks
                : Math.max(Math.min(ofExposures, ofClicks), Math.max(ofExposures, ofClicks) - skewMillis());
    }

    private boolean isClicksOnly() {
        return settings.mode() == AttributionSettings.Mode.CLICKS_ONLY;
    }

    private long skewMillis() {
        return settings.maxSkew().toMillis();
    }

    private long memoryMillis() {
        return settings.deduplicationWindow().toMillis();
    }
}
