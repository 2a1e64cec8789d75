package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.state.Outcome;
import java.util.Set;

/**
 * The settings of the attribution, as sums in event time.
 *
 * @param actions that make a training example
 * @param isClicksOnly whether clicks have no exposures
 * @param isLateLearnt whether a late click and an orphan make an example too
 * @param windowMillis how long after an exposure a click may answer it
 * @param waitMillis how long a click waits for its exposure
 * @param memoryMillis how long an id is remembered
 * @param mostWeight most that a click's weight counts
 */
record JoinRules(
        Set<String> actions,
        boolean isClicksOnly,
        boolean isLateLearnt,
        long windowMillis,
        long waitMillis,
        long memoryMillis,
        double mostWeight) {

    static JoinRules of(AttributionSettings settings) {
        return new JoinRules(
                settings.actions(),
                settings.mode() == AttributionSettings.Mode.CLICKS_ONLY,
                settings.late() == AttributionSettings.Late.POSITIVE,
                settings.window().toMillis(),
                settings.clickWait().toMillis(),
                settings.deduplicationWindow().toMillis(),
                settings.caps().mostWeight());
    }

    /** Last event time at which a click may answer that exposure. */
    long windowEnd(LoggedExposure exposure) {
        return exposure.time() + windowMillis;
    }

    /** Settled time at which an exposure of that time is forgotten, at least: it is closed first, and goes one timer later. */
    long forgottenSince(long exposureTime) {
        return exposureTime + memoryMillis + 2;
    }

    /** Event time of the first exposure that is still known at that settled time. */
    long knownSince(long settledTime) {
        return settledTime - memoryMillis - 1;
    }

    /** Returns true if the example may be of a late click or an orphan: it has the features of the click's own moment. */
    boolean mayBeLate(LoggedClick click, LoggedExample example) {
        return isLateLearnt && example.featureTime() == click.time();
    }

    /** The label of the outcome of a click that has an example. */
    String labelWithExample(LoggedClick click, Outcome outcome) {
        return click.weight() > mostWeight ? outcome.label(Outcome.CUT_WEIGHT) : outcome.label();
    }
}
