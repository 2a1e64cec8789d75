package dev.millrace.experiment;

import java.util.Locale;
import java.util.Optional;

/**
 * Whether the users of an experiment came as they were assigned, and were counted alike: what makes the arms comparable. Both tests hold at all looks together,
 * by a {@link ConfidenceSequence} (as Lindon and Malek 2022 test it, by another mixture). They say nothing of a goal by user: only users who act are known.
 *
 * <p><b>Users.</b> Of the n users who are new to the experiment in a stage whose treatment has the share p, the arms get n p and n (1 − p) but for chance.
 * With D = n_treatment / (n p) − 1, whose information is I = n p / (1 − p), the sum Σ I D has the variance Σ I. Users who come again are left out: a good
 * treatment brings them.
 *
 * <p><b>Exposures a user.</b> The treatment must not have fewer than the control: then some are not told of, or it drives users away. With the mean m of both
 * arms and D = (m_treatment − m_control) / m, the variance of D is Σ_arms Σ_users (x − m)² / (N m)², N the arm's users. Stages share the error.
 */
final class SampleRatio {

    /** Probability, over the whole experiment, that a test speaks though nothing is wrong. */
    private static final double ERROR = 0.001;

    private static final double CHANGE = 0.05; // that is found soonest
    private static final int LEAST_USERS = 100; // in each arm
    private static final double PERCENT = 100;

    private SampleRatio() {}

    /** Returns what is wrong, if anything is. */
    static Optional<String> fault(ExperimentSums sums, Experiment.Plan plan) {
        return plan.per() == Experiment.Per.USER
                ? Optional.empty()
                : users(sums, plan).or(() -> exposures(sums, plan));
    }

    private static Optional<String> users(ExperimentSums sums, Experiment.Plan plan) {
        double sum = 0;
        double information = 0;
        double expected = 0;
        long came = 0;
        for (int stage = 0; stage < plan.ramp().size(); stage++) {
            double share = plan.ramp().get(stage) / PERCENT;
            long treated = sums.newcomers(Arm.TREATMENT, stage);
            double users = treated + sums.newcomers(Arm.CONTROL, stage);
            sum += (treated - users * share) / (1 - share); // I D
            information += users * share / (1 - share);
            expected += users * share;
            came += treated;
        }
        boolean isWrong =
                expected >= LEAST_USERS && new ConfidenceSequence(CHANGE, ERROR).excludesZero(sum, information);
        return isWrong
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "the treatment has %,d new users, and by its share %,.0f: users are not counted as they are assigned",
                        came,
                        expected))
                : Optional.empty();
    }

    private static Optional<String> exposures(ExperimentSums sums, Experiment.Plan plan) {
        ConfidenceSequence sequence =
                new ConfidenceSequence(CHANGE, ERROR / plan.ramp().size());
        for (int stage = 0; stage < plan.ramp().size(); stage++) {
            double treated = sums.users(Arm.TREATMENT, stage);
            double others = sums.users(Arm.CONTROL, stage);
            if (Math.min(treated, others) < LEAST_USERS) {
                continue;
            }
            double ofTreatment = sums.exposures(Arm.TREATMENT, stage) / treated;
            double ofControl = sums.exposures(Arm.CONTROL, stage) / others;
            double mean =
                    (sums.exposures(Arm.TREATMENT, stage) + sums.exposures(Arm.CONTROL, stage)) / (treated + others);
            double variance = (sums.exposureSquares(Arm.TREATMENT, stage, mean) / (treated * treated)
                            + sums.exposureSquares(Arm.CONTROL, stage, mean) / (others * others))
                    / (mean * mean);
            double change = (ofTreatment - ofControl) / mean;
            if (change < 0 && (variance == 0 || sequence.excludesZero(change / variance, 1 / variance))) {
                return Optional.of(String.format(
                        Locale.ROOT,
                        "the treatment has %.2f exposures a user in stage %d, the control %.2f: some are not counted, or it drives users away",
                        ofTreatment,
                        stage + 1,
                        ofControl));
            }
        }
        return Optional.empty();
    }
}
