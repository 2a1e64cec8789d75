package dev.millrace.experiment;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Users of an experiment who come again and again, each with a taste and a diligence of its own, counted by the code under test. */
final class Crowd {

    static final double RATE = 0.1;

    final ExperimentSums sums = new ExperimentSums();
    private final Random random;
    private final Member[] members;
    private final double[] upTo; // [members] of diligence
    private Experiment experiment;

    private static final class Member {
        final String name;
        final double taste;
        final UserCounts counts;
        Arm arm = Arm.CONTROL; // of the stage
        int stage = -1;

        Member(String name, double taste, UserCounts counts) {
            this.name = name;
            this.taste = taste;
            this.counts = counts;
        }

        Arm arm(Experiment experiment) {
            if (stage != experiment.stage()) {
                stage = experiment.stage();
                arm = experiment.arm(name);
            }
            return arm;
        }
    }

    /** @param seed of tastes, visits and clicks */
    Crowd(int members, Experiment experiment, long seed) {
        this.experiment = experiment;
        this.random = new Random(seed);
        this.members = new Member[members];
        this.upTo = new double[members];
        double sum = 0;
        for (int at = 0; at < members; at++) {
            // taste: click rates of .02 to .18, uniform; diligence: Pareto of exponent 2.5, so that few come often
            double taste = RATE * (0.2 + 1.6 * random.nextDouble());
            this.members[at] = new Member("u" + at, taste, new UserCounts(experiment));
            sum += StrictMath.pow(1 - random.nextDouble(), -0.4);
            upTo[at] = sum;
        }
    }

    static Experiment.Plan plan(double uplift, Double... ramp) {
        return new Experiment.Plan("click", uplift, 0.05, List.of(ramp), Duration.ofHours(1), Duration.ofMinutes(10));
    }

    static Experiment experiment(long salt, Experiment.Plan plan) {
        return Experiment.started("trial", "g1", "g2", "salt " + salt, plan, 1);
    }

    void ramp() {
        experiment = experiment.ramped(experiment.stage() + 2);
    }

    Experiment experiment() {
        return experiment;
    }

    /**
     * A user comes, sees one item, and clicks it or not. Returns whether it clicks.
     *
     * @param factor on the click rate in the treatment
     */
    boolean visit(double factor) {
        double wanted = random.nextDouble() * upTo[upTo.length - 1];
        int place = Arrays.binarySearch(upTo, wanted);
        Member member = members[place < 0 ? -place - 1 : place];
        Arm arm = member.arm(experiment);
        int stage = experiment.stage();
        boolean isCounted = experiment.plan().per() == Experiment.Per.USER || sums.expose(arm, stage, member.counts);
        boolean clicks = random.nextDouble() < member.taste * (arm == Arm.TREATMENT ? factor : 1);
        if (isCounted && clicks) {
            sums.act(arm, stage, member.counts, "click", true);
        }
        return clicks;
    }

    Uplift uplift() {
        return Uplift.of(sums, experiment.plan());
    }

    /** Variance of what a user of the control clicks beyond its share, over that of a Poisson number of the same mean. */
    double spread() {
        double rate = sums.goals(Arm.CONTROL, 0) / (double) sums.exposures(Arm.CONTROL, 0);
        return sums.residualProducts(Arm.CONTROL, 0, 0, rate, rate) / sums.goals(Arm.CONTROL, 0);
    }
}
