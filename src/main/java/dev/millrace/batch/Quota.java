package dev.millrace.batch;

import dev.millrace.settings.SettingsReader;

/** The number of negatives of one kind per step. It may begin late, grow, and end. */
public record Quota(int most, long fromStep, long untilStep, long rampSteps) {

    /** Creates a quota that is always that number. */
    public Quota(int most) {
        this(most, 1, 0, 0);
    }

    /**
     * Reads the steps of a quota from the settings {@code prefix.from-step}, {@code prefix.until-step} and
     * {@code prefix.ramp-steps}.
     */
    public static Quota read(SettingsReader reader, String prefix, int most) {
        Quota quota = new Quota(
                most,
                reader.longInteger(prefix + ".from-step = 1 in [1, 1000000000000]: first step with any of these"),
                reader.longInteger(
                        prefix + ".until-step = 0 in [0, 1000000000000]: last step with any of these; 0: for ever"),
                reader.longInteger(prefix
                        + ".ramp-steps = 0 in [0, 1000000000000]: steps over which their number grows "
                        + "evenly; 0: at once"));
        reader.require(
                quota.untilStep == 0 || quota.untilStep >= quota.fromStep,
                prefix + ".until-step",
                quota.untilStep,
                "must be 0 or at least " + prefix + ".from-step");
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
