package dev.millrace.experiment;

import dev.millrace.experiment.Experiment.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The rule by which an experiment goes on: a function of what was counted, of the treatment's learner and of the time. */
public final class Decision {

    /**
     * Least share of users shown as assigned at which a treatment goes on. Where a share s of what an arm's users see comes from its generation, and the
     * rest from the other, about 1 / (2s − 1)² times as many exposures find the same change: at .8 nearly three times.
     */
    static final double LEAST_AS_ASSIGNED = 0.8;

    /** Users of an arm who must tell what they were shown before that says anything, and their least share of the arm: a few do not speak for the others. */
    static final long LEAST_TELLING = 100;

    static final double LEAST_TELLING_SHARE = 0.1;

    private Decision() {}

    /**
     * What is known of an experiment at one moment.
     *
     * @param sums of all partitions together
     * @param countedAt when the partition that was last heard longest ago was heard, epoch milliseconds; absent if one was never heard in this stage
     * @param learner of the treatment; absent if nothing was ever heard of it
     * @param othersHeardAt when another learner was last heard; absent if none was. Learners follow one log, so all are silent while nothing comes
     * @param answers as the servers tell that were heard within what the plan allows
     */
    public record Facts(
            ExperimentSums sums,
            Optional<Instant> countedAt,
            Optional<Learner> learner,
            Optional<Instant> othersHeardAt,
            AnswerHistory answers) {}

    /**
     * What is known of the treatment's learner.
     *
     * @param heardAt when it last wrote its progress
     * @param alarms that are active with it and not with the control's, and why it withholds its vectors; empty if all is well
     */
    public record Learner(Instant heardAt, String alarms) {}

    /**
     * Returns the experiment's next state; absent if it stays as it is.
     *
     * <p>A guard or a worse treatment rolls back. A better one is promoted. Else the ramp goes on when the stage has lasted long enough and
     * each arm has been counted in it. A promotion or a ramp needs counts, and each guard asked for must hold, by words that are at most as old as the plan
     * allows: silence promotes nothing. Nor does it go on where {@link #blocked}.
     */
    public static Optional<Experiment> next(Experiment experiment, Facts facts, Instant now) {
        if (!experiment.isRunning()) {
            return Optional.empty();
        }
        Experiment.Plan plan = experiment.plan();
        List<Guard.Reading> guards = Guard.readings(plan, facts.answers());
        Optional<String> fault = fault(
                facts,
                guards,
                plan,
                Instant.ofEpochMilli(experiment.stages().get(0).at()));
        if (fault.isPresent()) {
            return Optional.of(experiment.ended(Result.ROLLED_BACK, now.toEpochMilli(), "guard: " + fault.get()));
        }
        Uplift.Verdict verdict = Uplift.verdict(facts.sums(), plan);
        if (verdict == Uplift.Verdict.WORSE) {
            return Optional.of(
                    experiment.ended(Result.ROLLED_BACK, now.toEpochMilli(), bounds(Uplift.of(facts.sums(), plan))));
        }
        if (blocked(facts.sums(), plan).isPresent()
                || facts.countedAt().isEmpty()
                || isOlder(facts.countedAt().get(), plan.maxAge(), now)
                || guards.stream().anyMatch(guard -> guard.bound().isPresent() && !guard.holds())) {
            return Optional.empty();
        }
        if (verdict == Uplift.Verdict.BETTER) {
            return Optional.of(
                    experiment.ended(Result.PROMOTED, now.toEpochMilli(), bounds(Uplift.of(facts.sums(), plan))));
        }
        int stage = experiment.stage();
        boolean isDue =
                isOlder(Instant.ofEpochMilli(experiment.stages().get(stage).at()), plan.every(), now);
        boolean isCounted =
                facts.sums().users(Arm.CONTROL, stage) > 0 && facts.sums().users(Arm.TREATMENT, stage) > 0;
        return experiment.canRamp() && isDue && isCounted
                ? Optional.of(experiment.ramped(now.toEpochMilli()))
                : Optional.empty();
    }

    /** Returns why the treatment is neither promoted nor gets more users, whatever its uplift: the arms cannot be compared. It can be rolled back. */
    public static Optional<String> blocked(ExperimentSums sums, Experiment.Plan plan) {
        return sums.asAssigned(LEAST_TELLING, LEAST_TELLING_SHARE).stream()
                .filter(share -> share < LEAST_AS_ASSIGNED)
                .mapToObj(share -> String.format(
                        Locale.ROOT,
                        "%.0f %% of the users of an arm were shown its generation, it must be %.0f %%",
                        100 * share,
                        100 * LEAST_AS_ASSIGNED))
                .findFirst()
                .or(() -> SampleRatio.fault(sums, plan));
    }

    /** Returns what is wrong with the treatment, if anything is. */
    private static Optional<String> fault(
            Facts facts, List<Guard.Reading> guards, Experiment.Plan plan, Instant started) {
        Instant heardAt = facts.learner().map(Learner::heardAt).orElse(started);
        if (facts.othersHeardAt().isPresent()
                && isOlder(heardAt, plan.maxAge(), facts.othersHeardAt().get())) {
            return Optional.of("the treatment's learner was not heard since " + heardAt + ", another one was at "
                    + facts.othersHeardAt().get());
        }
        return facts.learner()
                .map(Learner::alarms)
                .filter(alarms -> !alarms.isEmpty())
                .or(() -> guards.stream()
                        .flatMap(guard -> guard.fault().stream())
                        .reduce((one, other) -> one + "; " + other));
    }

    private static boolean isOlder(Instant moment, Duration age, Instant now) {
        return moment.plus(age).isBefore(now);
    }

    private static String bounds(Uplift uplift) {
        return String.format(
                Locale.ROOT,
                "uplift %+.2f %%, between %+.2f %% and %+.2f %%",
                100 * uplift.estimate(),
                100 * uplift.lower(),
                100 * uplift.upper());
    }
}
