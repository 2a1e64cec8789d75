package dev.millrace.negative;

import dev.millrace.settings.SettingsReader;

/** The number of negatives of one kind per step. It may begin late, grow, and end. */
public record Quota(int most, long fromStep, long untilStep, long rampSteps) {

    /** Creates a quota that is always that number. */
    public Quota(int most) {
        this(most, 1, 0, 0);
    }

    /** Reads the steps of a kind whose number may change. */
    public static Quota read(SettingsReader reader, String kind, int most) {
        SettingsReader own = reader.named(kind);
        Quota quota = new Quota(
                most,
                own.longInteger(
                        "negatives.<kind>.from-step = 1 in [1, 1000000000000]: first step with negatives of this "
                                + "kind: memory or hard-model"),
                own.longInteger(
                        "negatives.<kind>.until-step = 0 in [0, 1000000000000]: last step with negatives of this "
                                + "kind; 0: for ever"),
                own.longInteger(
                        "negatives.<kind>.ramp-steps = 0 in [0, 1000000000000]: steps over which their number grows "
                                + "evenly; 0: at once"));
        own.require(
                quota.untilStep == 0 || quota.untilStep >= quota.fromStep,
                "negatives.<kind>.until-step",
                quota.untilStep,
                "must be 0 or at least negatives." + kind + ".from-step");
        return quota;
    }

    /** Returns the number at a step. */
    public int at(long step) {
        if (step < fromStep || (untilStep > 0 && step > untilStep)) {
            return 0;
        }
        long grown = step - fromStep + 1;
        return grown >= rampSteps ? most : (int) StrictMath.ceil((double) most * grown / rampSteps);
    }
}
