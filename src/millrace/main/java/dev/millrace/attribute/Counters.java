package dev.millrace.attribute;

import dev.millrace.state.Form;

/**
 * A user's running counters: how many exposures and clicks there were, each weighing half after a half-life.
 *
 * @param exposures as of {@code asOf}
 * @param clicks as of {@code asOf}
 * @param asOf event time, epoch milliseconds; 0 before any event
 */
record Counters(double exposures, double clicks, long asOf) {

    static final Counters NONE = new Counters(0, 0, 0);

    private static final double HALF_LIFE_MILLIS = 7 * 86_400_000.0; // so that they tell what a user does this week

    Counters exposed(long time) {
        return counted(time, 1, 0);
    }

    Counters clicked(long time) {
        return counted(time, 0, 1);
    }

    /**
     * The counters as features: log(1 + n) of each.
     *
     * @param exposures n is their decayed number
     * @param clicks n is their decayed number
     */
    record Logarithms(double exposures, double clicks) {}

    /** Returns the features as of a time. What was counted later is in them: the counters cannot be unwound. */
    Logarithms at(long time) {
        double decay = decay(Math.max(0, time - asOf));
        return new Logarithms(StrictMath.log1p(exposures * decay), StrictMath.log1p(clicks * decay));
    }

    Counters fields(Form form) {
        return new Counters(form.number(exposures), form.number(clicks), form.longInteger(asOf));
    }

    private Counters counted(long time, int moreExposures, int moreClicks) {
        long moment = Math.max(time, asOf);
        double decay = decay(moment - asOf);
        double late = decay(moment - time); // a late event counts as decayed since its own time
        return new Counters(exposures * decay + moreExposures * late, clicks * decay + moreClicks * late, moment);
    }

    private static double decay(long elapsedMillis) {
        return elapsedMillis == 0 ? 1 : StrictMath.pow(0.5, elapsedMillis / HALF_LIFE_MILLIS);
    }
}
