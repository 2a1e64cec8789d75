package dev.millrace.attribute;

import dev.millrace.state.Fields;
import java.nio.ByteBuffer;

/**
 * A user's running counters: how many exposures and clicks there were, each weighing half after a half-life.
 *
 * @param exposures as of {@code asOf}
 * @param clicks as of {@code asOf}
 * @param asOf event time, epoch milliseconds; 0 before any event
 */
record Counters(double exposures, double clicks, long asOf) {

    static final Counters NONE = new Counters(0, 0, 0);

    Counters exposed(long time, double halfLifeMillis) {
        return counted(time, halfLifeMillis, 1, 0);
    }

    Counters clicked(long time, double halfLifeMillis) {
        return counted(time, halfLifeMillis, 0, 1);
    }

    /**
     * The counters as features: log(1 + n) of each.
     *
     * @param exposures n is their decayed number
     * @param clicks n is their decayed number
     */
    record Logarithms(double exposures, double clicks) {}

    /** Returns the features as of a time. What was counted later is in them: the counters cannot be unwound. */
    Logarithms at(long time, double halfLifeMillis) {
        double decay = decay(Math.max(0, time - asOf), halfLifeMillis);
        return new Logarithms(StrictMath.log1p(exposures * decay), StrictMath.log1p(clicks * decay));
    }

    void write(Fields fields) {
        fields.number(exposures).number(clicks).longInteger(asOf);
    }

    static Counters read(ByteBuffer payload) {
        return new Counters(payload.getDouble(), payload.getDouble(), payload.getLong());
    }

    private Counters counted(long time, double halfLifeMillis, int moreExposures, int moreClicks) {
        long moment = Math.max(time, asOf);
        double decay = decay(moment - asOf, halfLifeMillis);
        double late = decay(moment - time, halfLifeMillis); // a late event counts as decayed since its own time
        return new Counters(exposures * decay + moreExposures * late, clicks * decay + moreClicks * late, moment);
    }

    private static double decay(long elapsedMillis, double halfLifeMillis) {
        return elapsedMillis == 0 ? 1 : StrictMath.pow(0.5, elapsedMillis / halfLifeMillis);
    }
}
